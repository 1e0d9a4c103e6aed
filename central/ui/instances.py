"""Product instances of a virtual account, or of all: the list, and changes of many at once (rows C7.1, C7.2, C7.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import instances as actions
from central.actions.instance_details import HELD, RESERVED, USED
from central.actions.instance_list import DIRECT, list_instance_satellites, list_instance_window
from central.actions.instance_plans import Plan, plan_removals, plan_transfers
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import ALL_POOLS, Permission
from central.runtime import Central
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
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
    TARGET,
    TEXT,
    removal_words,
    standbys,
    transfer_words,
)
from serverkit.web.instance_words import STATES as COMMON_STATES
from serverkit.web.instance_words import state_words as common_words
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Filter, Ident, Item, Rows, State, StateWords, Table, Wanted
from serverkit.web.texts import Text, Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.windowed import rows_of

MANAGE, LOOK = Permission.INSTANCE_MANAGE, Permission.VIRTUAL_ACCOUNT_VIEW
PATH = f"{POOL}/instances"
STATES = {
    **COMMON_STATES,
    "released": StateWords(_("Silent for 90 days, licences released"), Severity.MAJOR),
    "reserved": StateWords(_("Reserved by code")),
    "out_of_compliance": StateWords(_("Out of compliance"), Severity.MAJOR),
}
SEVERITIES = {"major": Severity.MAJOR, "minor": Severity.MINOR, "informational": Severity.INFO}


def instance_rows(page: Page, wanted: Wanted) -> Rows:
    """The instances that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_instance_window(unit, domain, number, part), wanted)


def state_words(item: Item) -> StateWords:
    """The state with its compliance; an identity that shows twice matters more than either."""
    apart = "clone" in item["marks"] or item["detached_until"]
    found = common_words(item) if apart else STATES.get(item["state"], common_words(item))
    if not item["short"]:
        return found
    short = STATES["out_of_compliance"]
    if item["state"] == "active" and not apart:
        return short
    return replace(found, words=_("{state}; out of compliance", state=found.words), severity=Severity.MAJOR)


def alert_words(found: Mapping[str, int]) -> StateWords:
    """How many alerts there are, by severity."""
    counts = [(one, found[one]) for one in SEVERITIES if found.get(one)]
    if not counts:
        return StateWords("–")
    words = ", ".join(str(_count(one, count)) for one, count in counts)
    return StateWords(words, SEVERITIES[counts[0][0]])


def _count(severity: str, count: int) -> Text:
    if severity == "major":
        return _("{count} major", count=count)
    return _("{count} minor", count=count) if severity == "minor" else _("{count} for information", count=count)


def alerts_path(item: Item) -> str | None:
    """The alerts of an instance on its page; nothing where there are none."""
    return f"{one_path(item)}#alerts" if item["alerts"] else None


def managed(item: Item) -> Words | None:
    """Why an instance of a satellite stays as it is here (row C1.3)."""
    return _("It is managed by satellite {name}.", name=item["managed_by"]) if item["managed_by"] else None


def one_path(item: Item, verb: str = "") -> str:
    """The address of an instance within its own virtual account."""
    path = f"/a/{item['domain']}/va/{item['number']}/instances/{item['id']}"
    return f"{path}/{verb}" if verb else path


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: one_path(one, verb)


def reason_of(one: Plan) -> Words | None:
    """Why it is refused, in the words of the page."""
    reasons = one.verdict.reasons
    return Refusal.of(reasons[0]).message if reasons else None


def removal_effect(one: Plan) -> Text:
    """What a removal does."""
    return removal_words(one.of(USED, RESERVED))


def transfer_effect(one: Plan, target: str) -> Text:
    """What a transfer does: restricted and reserved licences move along, what it uses of others is taken from the target."""
    return transfer_words(one.virtual_account, target, one.of(HELD, RESERVED, USED), one.short)


def already_there(one: Plan, target: str) -> Words | None:
    """Why nothing happens."""
    return _("It is in {target} already.", target=target) if one.virtual_account == target else None


def places(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one["id"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


def targets(page: Page) -> list[Choice]:
    """Where an instance may go: virtual accounts that no satellite manages."""
    found = list_places(page.unit, page.parts["domain"])
    return [Choice(one["id"], one["name"]) for one in found if not one["satellite"]]


def target_of(page: Page, wanted: str) -> str:
    """The name of the virtual account that was chosen by id; what is unknown stays as it is and is refused."""
    return next((str(one.label) for one in places(page) if one.value == wanted), wanted)


def sites(page: Page) -> list[Choice]:
    """The satellites to choose from, and central itself."""
    found = [Choice(of, name) for of, name in list_instance_satellites(page.unit, page.parts["domain"])]
    return [Choice(DIRECT, _("Central, directly")), *found] if found else []


class Transfer(BaseModel):
    """Where instances go."""

    virtual_account: str = Field(max_length=255)


TRANSFER = Form(Transfer, _("Preview transfer"), {"virtual_account": TARGET})


def judge_removals(page: Page, items: Sequence[Item], _read: Any) -> list[Judged]:
    """Which instances can be removed."""
    found = plan_removals(page.unit, page.parts["domain"], [one["id"] for one in items])
    return [Judged(one.id, one.name, reason_of(one), removal_effect(one)) for one in found]


def remove_one(page: Page, item: Item, _read: Any) -> Words:
    """Remove one."""
    server = cast("Central", page.server)
    actions.remove_instance(page.unit, server.keyring, page.parts["domain"], item["id"])
    return _("removed")


def judge_transfers(page: Page, items: Sequence[Item], read: Any) -> list[Judged]:
    """Which instances can be moved, and what that changes."""
    if read is None:
        return [Judged(one["id"], one["name"], managed(one), _("Choose where it goes.")) for one in items]
    target = target_of(page, read.virtual_account)
    found = plan_transfers(page.unit, page.parts["domain"], [one["id"] for one in items], target)
    return [
        Judged(one.id, one.name, reason_of(one) or already_there(one, target), transfer_effect(one, target))
        for one in found
    ]


def transfer_one(page: Page, item: Item, read: Any) -> Words:
    """Move one."""
    target = target_of(page, read.virtual_account)
    moved = actions.transfer_instance(page.unit, page.parts["domain"], item["id"], target)
    return _("now in {place}", place=moved["virtual_account"])


INSTANCES = Table(
    "instances",
    _("Product instances"),
    PATH,
    (
        Column("name", _("Name"), link=one_path, sub=standbys, sort=True, fixed=True, phone=True),
        Column("pid", _("Product type"), sort=True),
        Ident("serial", _("Serial")),
        Column("virtual_account", _("Virtual account")),
        Column("satellite", _("Satellite"), shown=False),
        LAST_CONTACT,
        State("alerts", _("Alerts"), {}, say=lambda one: alert_words(one["alerts"]), link=alerts_path),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        Figure("licences", _("Licences"), value=lambda one: len(one["licences"]), shown=False),
        *MORE_COLUMNS,
        *LAST_COLUMNS,
    ),
    instance_rows,
    sort="name",
    filters=(
        TEXT,
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter("satellite", _("Satellite"), choices=sites),
        SILENT,
        Filter("mark", _("Mark"), choices=MARKS),
        Filter("restricted", _("Restricted licences"), choices=(Choice("yes", _("yes")), Choice("no", _("no")))),
        Filter("tag", _("Licence"), "hidden"),
    ),
    acts=(
        Act(_("Transfer"), _act("transfer"), MANAGE, managed),
        Act(_("Remove"), _act("remove"), MANAGE, managed, danger=True),
    ),
    bulk=(
        Bulk(
            "transfer",
            _("Transfer"),
            MANAGE,
            judge_transfers,
            transfer_one,
            "C7.2",
            form=TRANSFER,
            choices=lambda page: {"virtual_account": targets(page)},
        ),
        Bulk("remove", _("Remove"), MANAGE, judge_removals, remove_one, "C7.3", grade=Grade.DIALOG),
    ),
    empty=Empty(
        _("No product instances yet"),
        _("A device appears here when it registers with a token, or when licences are reserved for it by code."),
    ),
)


def find_place(page: Page) -> Any:
    """The virtual account of the address, None for all of them; UnknownVirtualAccountError."""
    return None if page.parts["number"] == ALL_POOLS else find_pool(page)


def table_at(page: Page) -> Table:
    """The table at its place: of one virtual account nothing is asked or told about virtual accounts."""
    if page.thing is None:
        return INSTANCES
    return replace(
        INSTANCES,
        columns=[one for one in INSTANCES.columns if one.name != "virtual_account"],
        filters=[one for one in INSTANCES.filters if one.name != "virtual_account"],
    )


def list_page(page: Page) -> Answer:
    """The list."""
    title = _("Product instances of {name}", name=page.thing["name"]) if page.thing else INSTANCES.title
    context = {"tab": "instances", **pool_tabs(page.parts)}
    return table_page(
        page,
        table_at(page),
        template="tabbed.html",
        context=context,
        title=title,
        nav="virtual-accounts",
        help="central-portal#product-instances",
    )


URLS = (Url("GET", PATH, list_page, LOOK, "C7.1", load=find_place, table=INSTANCES), *bulk_urls(INSTANCES))
