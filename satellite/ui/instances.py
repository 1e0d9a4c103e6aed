"""Product instances: list, details, transfer, removal, and both for many at once (row S3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from satellite.actions import instances as actions
from satellite.actions.instance_list import list_instances
from satellite.actions.instances import Intention
from satellite.actions.virtual_accounts import list_virtual_accounts
from satellite.core.access.rules import Permission
from satellite.ui.pages import places
from serverkit.web.answers import Answer
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form
from serverkit.web.instance_words import (
    LAST_COLUMNS,
    LAST_CONTACT,
    MARKS,
    MORE_COLUMNS,
    SILENT,
    STATES,
    TARGET,
    TEXT,
    removal_words,
    standbys,
    state_words,
    transfer_words,
)
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Figure,
    Filter,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
)
from serverkit.web.texts import Text, Words, _
from serverkit.web.urls import SIGNED_IN, Grade, Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.INSTANCE_MANAGE
COMPLIANCE = {
    "in_compliance": StateWords(_("In compliance")),
    "out_of_compliance": StateWords(_("Out of compliance"), Severity.MAJOR),
    "None": StateWords("–"),
}
COMPLIES = (
    Choice("out_of_compliance", _("Out of compliance")),
    Choice("in_compliance", _("In compliance")),
    Choice("none", _("Uses no licence")),
)


def instance_rows(page: Page, wanted: Wanted) -> Rows:
    """The instances that are wanted."""
    return rows_of(page, list_instances, wanted)


def why_not_removed(item: Item) -> Words | None:
    """Why an instance stays."""
    if item["detached_until"]:
        return _("It is detached; its licences stay in use until its term ends.")
    return _("It holds restricted licences; the device has to return them first.") if item["holds"] else None


def removal_effect(one: Intention) -> Text:
    """What a removal does."""
    return removal_words(one.units)


def transfer_effect(one: Intention, target: str) -> Text:
    """What a transfer does."""
    return transfer_words(one.virtual_account, target, [*one.units, *one.held], one.short)


def already_there(one: Intention, target: str) -> Words | None:
    """Why nothing happens."""
    return _("It is in {target} already.", target=target) if one.virtual_account == target else None


def reason_of(one: Intention) -> Words | None:
    """Why it is refused, in the words of the page."""
    reasons = one.verdict.verdict.reasons
    return Refusal.of(reasons[0]).message if reasons else None


def judge_removals(page: Page, items: Sequence[Item], _read: Any) -> list[Judged]:
    """Which instances can be removed."""
    found = actions.preview_removals(page.unit, [one["id"] for one in items])
    return [Judged(one.verdict.id, one.verdict.name, reason_of(one), removal_effect(one)) for one in found]


def remove_one(page: Page, item: Item, _read: Any) -> Words:
    """Remove one."""
    actions.remove_instance(page.unit, item["id"])
    return _("removed")


class Transfer(BaseModel):
    """Where instances go."""

    virtual_account: str = Field(max_length=255)


def target_of(page: Page, wanted: str) -> str:
    """The name of the virtual account that was chosen by id; what is unknown stays as it is and is refused."""
    return next((one.name for one in list_virtual_accounts(page.unit) if one.id == wanted), wanted)


def judge_transfers(page: Page, items: Sequence[Item], read: Any) -> list[Judged]:
    """Which instances can be moved, and what that changes."""
    ids = [one["id"] for one in items]
    if read is None:
        return [Judged(one["id"], one["name"], None, _("Choose where it goes.")) for one in items]
    target = target_of(page, read.virtual_account)
    return [
        Judged(
            one.verdict.id, one.verdict.name, reason_of(one) or already_there(one, target), transfer_effect(one, target)
        )
        for one in actions.preview_transfers(page.unit, ids, target)
    ]


def transfer_one(page: Page, item: Item, read: Any) -> Words:
    """Move one."""
    moved = actions.transfer_instance(page.unit, item["id"], target_of(page, read.virtual_account))
    return _("now in {place}", place=moved["virtual_account"])


TRANSFER = Form(
    Transfer,
    _("Preview transfer"),
    {"virtual_account": TARGET},
)

INSTANCES = Table(
    "instances",
    _("Product instances"),
    "/instances",
    (
        Column(
            "name",
            _("Name"),
            link=lambda one: f"/instances/{one['id']}",
            sub=standbys,
            sort=True,
            fixed=True,
            phone=True,
        ),
        Ident("pid", _("Product"), sort=True),
        Ident("serial", _("Serial"), phone=True),
        Column("virtual_account", _("Virtual account"), phone=True),
        LAST_CONTACT,
        State("compliance", _("Compliance"), COMPLIANCE, phone=True),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        Figure("licences", _("Licences"), value=lambda one: len(one["licences"]), shown=False),
        *MORE_COLUMNS,
        Moment("registered_at", _("Registered"), sort=True, shown=False),
        Moment("certificate_expires", _("Renews by"), sort=True, shown=False),
        *LAST_COLUMNS,
    ),
    instance_rows,
    sort="name",
    filters=(
        TEXT,
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter("compliance", _("Compliance"), choices=COMPLIES),
        Filter("mark", _("Mark"), choices=MARKS),
        Filter(
            "restricted",
            _("Restricted licences"),
            choices=(Choice("yes", _("yes")), Choice("no", _("no"))),
        ),
        SILENT,
        Filter("tag", _("Licence"), "hidden"),
    ),
    acts=(
        Act(_("Transfer"), lambda one: f"/instances/{one['id']}/transfer", MANAGE),
        Act(_("Remove"), lambda one: f"/instances/{one['id']}/remove", MANAGE, why_not_removed, danger=True),
    ),
    bulk=(
        Bulk(
            "transfer",
            _("Transfer"),
            MANAGE,
            judge_transfers,
            transfer_one,
            "S3.2",
            form=TRANSFER,
            choices=lambda page: {"virtual_account": places(page)},
        ),
        Bulk("remove", _("Remove"), MANAGE, judge_removals, remove_one, "S3.2", grade=Grade.DIALOG),
    ),
    empty=Empty(
        _("No product instances yet"),
        _("A device appears here when it registers with a token."),
        (_("New token"), "/tokens/new"),
        Permission.TOKEN_MANAGE,
    ),
)
LIST = ((INSTANCES.title, INSTANCES.path),)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, INSTANCES, help="portal#product-instances")


URLS = (
    Url("GET", "/instances", list_page, SIGNED_IN, "S3.2", table=INSTANCES),
    *bulk_urls(INSTANCES),
)
