"""Product instances: list, details, transfer, removal, and both for many at once (row S3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from satellite.actions import instances as actions
from satellite.actions.instance_list import list_instances
from satellite.actions.instances import Intention, Units
from satellite.actions.virtual_accounts import list_virtual_accounts
from satellite.core.access.rules import Permission
from satellite.ui.pages import listed, places, units
from serverkit.web.answers import Answer
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, Ui
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
from serverkit.web.texts import Text, Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Grade, Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.INSTANCE_MANAGE
STATES = {
    "active": StateWords(_("Active")),
    "failed_to_connect": StateWords(_("Failed to connect"), Severity.MINOR),
    "failed_to_renew": StateWords(_("Failed to renew"), Severity.MAJOR),
}
COMPLIANCE = {
    "in_compliance": StateWords(_("In compliance")),
    "out_of_compliance": StateWords(_("Out of compliance"), Severity.MAJOR),
    "None": StateWords("–"),
}
CLONE = StateWords(_("Clone"), Severity.MAJOR)
COMPLIES = (
    Choice("out_of_compliance", _("Out of compliance")),
    Choice("in_compliance", _("In compliance")),
    Choice("none", _("Uses no licence")),
)
MARKS = (Choice("clone", _("Clone")), Choice("restored", _("Restored from a copy")))
SILENT = tuple(Choice(str(n), ngettext("{count} day", "{count} days", n)) for n in (1, 7, 30, 60, 90))


def instance_rows(page: Page, wanted: Wanted) -> Rows:
    """The instances that are wanted."""
    return rows_of(page, list_instances, wanted)


def state_words(item: Item) -> StateWords:
    """The state; an identity that shows twice matters more."""
    if "clone" in item["marks"]:
        return CLONE
    return STATES.get(item["state"], StateWords(str(item["state"]).replace("_", " ").capitalize()))


def standbys(item: Item) -> Words | None:
    """What is written below the name of a set."""
    count = len(item["standbys"])
    return (
        ngettext("high availability, {count} standby", "high availability, {count} standbys", count) if count else None
    )


def why_not_removed(item: Item) -> Words | None:
    """Why an instance stays."""
    return _("It holds restricted licences; the device has to return them first.") if item["holds"] else None


def used_words(some: Sequence[Units]) -> str:
    """Units by name."""
    return listed([units(one.count, one.name) for one in some])


def removal_effect(one: Intention) -> Text:
    """What a removal does."""
    if one.units:
        return _("It has to register again. These units become free: {units}.", units=used_words(one.units))
    return _("It has to register again. It uses no licence.")


def transfer_effect(one: Intention, target: str) -> Text:
    """What a transfer does."""
    along = [*one.units, *one.held]
    if not along:
        return _("From {source} to {target}. It uses no licence.", source=one.virtual_account, target=target)
    said = _(
        "From {source} to {target}, with {units}.", source=one.virtual_account, target=target, units=used_words(along)
    )
    if not one.short:
        return said
    return _("{said} {target} then lacks {short}.", said=said, target=target, short=used_words(one.short))


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
    {"virtual_account": Ui(_("Virtual account"), _("Where it takes its licences from afterwards."), kind="select")},
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
        Column("pid", _("Product"), sort=True),
        Ident("serial", _("Serial")),
        Column("virtual_account", _("Virtual account")),
        Moment("last_contact", _("Last contact"), sort=True),
        State("compliance", _("Compliance"), COMPLIANCE, phone=True),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        Figure("licences", _("Licences"), value=lambda one: len(one["licences"]), shown=False),
        Ident("uuid", _("UUID"), shown=False),
        Ident("mac", _("MAC address"), shown=False),
        Column("software_version", _("Software"), shown=False),
        Moment("registered_at", _("Registered"), sort=True, shown=False),
        Moment("certificate_expires", _("Renews by"), sort=True, shown=False),
        Column("marks", _("Marks"), value=lambda one: [str(mark_words(mark)) for mark in one["marks"]], shown=False),
        Figure("standbys", _("Standbys"), value=lambda one: len(one["standbys"]), shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    instance_rows,
    sort="name",
    filters=(
        Filter("q", _("Name, serial or UUID"), "text"),
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter("compliance", _("Compliance"), choices=COMPLIES),
        Filter("mark", _("Mark"), choices=MARKS),
        Filter(
            "restricted",
            _("Restricted licences"),
            choices=(Choice("yes", _("yes")), Choice("no", _("no"))),
        ),
        Filter("silent", _("Silent for"), choices=SILENT),
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


def mark_words(mark: str) -> Words:
    """A mark of an instance in words."""
    return next((one.label for one in MARKS if one.value == mark), mark)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, INSTANCES, help="portal#product-instances")


URLS = (
    Url("GET", "/instances", list_page, SIGNED_IN, "S3.2", table=INSTANCES),
    *bulk_urls(INSTANCES),
)
