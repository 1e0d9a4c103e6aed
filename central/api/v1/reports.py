"""Reports on the virtual accounts of an account (row C12.1)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import reports
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.db.windows import Part
from serverkit.http.operations import (
    OPTIONAL,
    OPTIONAL_TIME,
    OPTIONAL_WHOLE,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Operation,
    Page,
    list_of,
    object_of,
)


class ReportPage(Page):
    """A page of a report, and the virtual accounts that it is about."""

    after: str | None = Field(
        default=None, max_length=4096, pattern=PLAIN, description="The `next` of the page before."
    )
    virtual_accounts: str | None = Field(
        default=None, max_length=4096, pattern=PLAIN, description="Names, separated by commas."
    )
    va_tags: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="With all of these tags.")


class LicencePage(ReportPage):
    """A page of a report on licences."""

    tags: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="All of these tags.")
    untagged: bool = Field(default=False, description="Only licences without tags.")


class InstancePage(ReportPage):
    """A page of a report on product instances."""

    products: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="Tags, names or families.")


def run_licence_report(call: Call) -> dict[str, Any]:
    """Run the report on licences."""
    return _run(call, "licences")


def run_subscription_report(call: Call) -> dict[str, Any]:
    """Run the report on subscriptions."""
    return _run(call, "subscriptions")


def run_instance_report(call: Call) -> dict[str, Any]:
    """Run the report on product instances."""
    return _run(call, "instances")


def _run(call: Call, report: str) -> dict[str, Any]:
    query: Any = call.query
    given = {name: getattr(query, name, None) for name in reports.FILTERS}
    wanted = {name: "yes" if value is True else value for name, value in given.items() if value}
    part = Part(after=query.after, most=query.limit, filters=wanted)
    found = reports.run_report(call.unit, call.path["account"], report, part)
    return {"items": list(found.items), "next": found.next}


Op = Operation[Central]
PATH = f"{ACCOUNT_PATH}/reports"
LICENCE = object_of(
    id=TEXT, name=TEXT, licence=TEXT, virtual_account=TEXT, billing=TEXT, types=TEXTS, purchased=OPTIONAL_WHOLE,
    in_use=WHOLE, reserved=WHOLE, balance=OPTIONAL_WHOLE, state=TEXT, next_end=OPTIONAL, family=TEXT, tags=TEXTS,
)  # fmt: skip
SUBSCRIPTION = object_of(
    id=TEXT, name=TEXT, licence=TEXT, subscription=TEXT, virtual_accounts=TEXTS, type=TEXT, billing=TEXT, quantity=WHOLE,
    free=WHOLE, start=OPTIONAL_TIME, end=OPTIONAL_TIME, phase=TEXT, order_number=OPTIONAL, order_line=OPTIONAL,
    sku=OPTIONAL, tags=TEXTS,
)  # fmt: skip
INSTANCE = object_of(
    id=TEXT, name=TEXT, pid=TEXT, serial=OPTIONAL, product=OPTIONAL, virtual_account=TEXT, satellite=OPTIONAL, state=TEXT,
    software_version=OPTIONAL, registered_at=TIME, last_contact=TIME, licences=TEXTS,
)  # fmt: skip
OPERATIONS = (
    Op(
        "run_licence_report", "GET", f"{PATH}/licences", "Run the report on licences.", run_licence_report,
        list_of(LICENCE), LicencePage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C12.1",
    ),
    Op(
        "run_subscription_report", "GET", f"{PATH}/subscriptions", "Run the report on subscriptions.",
        run_subscription_report, list_of(SUBSCRIPTION), LicencePage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C12.1",
    ),
    Op(
        "run_instance_report", "GET", f"{PATH}/instances", "Run the report on product instances.", run_instance_report,
        list_of(INSTANCE), InstancePage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C12.1",
    ),
)  # fmt: skip
