"""Subscriptions billed by usage, and the virtual accounts that have them (row C4.2)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import subscriptions
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import ANYTHING, PLAIN, TEXT, Operation, Strict, example, list_of, object_of, paged
from serverkit.http.schemas import PoolPage, items


class SubscriptionPage(PoolPage):
    """A page of subscriptions, of one licence where it is named."""

    licence: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class Assignment(Strict):
    """All virtual accounts that are to have a subscription; `had` names those that had it when that was decided."""

    model_config = example(
        {"licence": "FEED", "subscription": "SUB-1", "virtual_accounts": ["DEFAULT", "Lab"], "preview": True}
    )

    licence: str = Field(max_length=255, pattern=PLAIN)
    subscription: str = Field(max_length=255, pattern=PLAIN)
    virtual_accounts: list[str] = Field(min_length=1, max_length=1000)
    had: list[str] | None = Field(default=None, max_length=1000)
    preview: bool = False


def list_subscriptions(call: Call) -> dict[str, Any]:
    """List subscriptions, enabled or disabled in each virtual account."""
    query: SubscriptionPage = call.query
    rows = subscriptions.list_subscriptions(call.unit, call.path["account"], query.virtual_account, query.licence)
    return paged([{**row, "id": row["key"]} for row in rows], query)


def assign_subscription(call: Call) -> dict[str, Any]:
    """Give a subscription to exactly these virtual accounts, or preview it."""
    body: Assignment = call.body
    wanted = (call.unit, call.path["account"], body.licence, body.subscription, body.virtual_accounts)
    if body.preview:
        return subscriptions.preview_assignment(*wanted)
    return subscriptions.assign_subscription(*wanted, body.had)


Op = Operation[Central]
PATH = f"{ACCOUNT_PATH}/subscriptions"
OPERATIONS = (
    Op(
        "list_subscriptions", "GET", PATH, "List subscriptions billed by usage.", list_subscriptions,
        list_of(object_of(id=TEXT, subscription=TEXT, tag=TEXT, name=TEXT, virtual_accounts=items(ANYTHING))),
        SubscriptionPage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C4.2",
    ),
    Op(
        "assign_subscription", "POST", f"{PATH}/assignment", "Assign a subscription to virtual accounts.",
        assign_subscription,
        object_of(tag=TEXT, subscription=TEXT, changes=items(ANYTHING), virtual_accounts=items(ANYTHING)),
        body=Assignment, changes=True, permission=Permission.LICENCE_TRANSFER, row="C4.2",
    ),
)  # fmt: skip
