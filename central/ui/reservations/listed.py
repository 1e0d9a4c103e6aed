"""The reservations of a virtual account, and one of them with its code (rows C6.1, C6.3, C6.4, C3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from central.actions import reservations as actions
from central.actions.accounts import show_account
from central.actions.reservation_list import list_reservation_window
from central.domain.access.rules import Permission
from central.domain.reservations.errors import UnknownReservationError
from central.ui.general import root_of
from central.ui.reservations.fields import lines_of
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer, Sent, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Ident, Item, Moment, Rows, State, StateWords, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

MANAGE, LOOK = Permission.RESERVATION_MANAGE, Permission.VIRTUAL_ACCOUNT_VIEW
PATH = f"{POOL}/reservations"
ONE = f"{PATH}/{{id}}"
HELP = "central-portal#reservations"
STATES = {
    "active": StateWords(_("Reserved")),
    "waiting": StateWords(_("Awaits confirmation"), Severity.INFO),
    "pending_removal": StateWords(_("Pending removal"), Severity.INFO),
    "former_key": StateWords(_("Held by a former key"), Severity.MAJOR),
    "returned": StateWords(_("Returned")),
    "given_up": StateWords(_("Given up by the device")),
    "released": StateWords(_("Released without a return code"), Severity.MINOR),
}


def status_of(item: Item) -> str:
    """The state in one word, as the list is filtered by it."""
    if item["state"] != "active":
        return str(item["state"])
    if item["held_by_former_key"]:
        return "former_key"
    if item["pending_removal"]:
        return "pending_removal"
    return "waiting" if item["waiting"] else "active"


def units_of(licences: Sequence[Mapping[str, Any]]) -> Words:
    """Quantities and names of licences in a line."""
    return ", ".join(f"{one['quantity']} {one['name']}" for one in lines_of(licences))


def newest_lines(item: Item) -> Sequence[Mapping[str, Any]]:
    """What the newest authorization holds."""
    return list(item["pending"]["licences"] if item["pending"] else item["licences"])


def reservation_rows(page: Page, wanted: Wanted) -> Rows:
    """The reservations that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_reservation_window(unit, domain, number, part), wanted)


def at(item: Item, verb: str = "") -> str:
    """The address of a reservation, or of something about it."""
    root = f"/a/{item['domain']}/va/{item['place']}/reservations/{item['id']}"
    return f"{root}/{verb}" if verb else root


def not_updated(item: Item) -> Words | None:
    """Why a reservation cannot be updated now."""
    if item["state"] != "active":
        return _("It has ended.")
    if item["held_by_former_key"]:
        return _("It is held by a former key of the device.")
    return _("The update before still waits for its confirmation code.") if item["pending"] else None


def not_confirmed(item: Item) -> Words | None:
    """Why no confirmation code is awaited."""
    waits = item["state"] == "active" and (item["waiting"] or item["pending"])
    return None if waits else _("It does not wait for a confirmation code.")


def not_rehosted(item: Item) -> Words | None:
    """Why a reservation is not rehosted."""
    if item["state"] != "active":
        return _("It has ended.")
    if item["held_by_former_key"]:
        return _("It is held by a former key of the device.")
    return _("It was rehosted already.") if item["rehosted_to"] else None


def not_returned(item: Item) -> Words | None:
    """Why no return code can be entered."""
    return None if item["state"] in {"active", "released"} else _("It has ended.")


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: at(one, verb)


RESERVATIONS = Table(
    "reservations",
    _("Reservations"),
    PATH,
    (
        Column("device", _("Device"), sort=True, fixed=True, phone=True, link=at, value=lambda one: one["device"]),
        Column("licences", _("Licences"), phone=True, value=lambda one: units_of(newest_lines(one))),
        State("status", _("State"), STATES, value=status_of, sort=True, phone=True),
        Moment("created_at", _("Made"), sort=True),
        Column("created_by", _("Made by"), sort=True),
        Moment("ended_at", _("Ended"), shown=False),
        Ident("request_code", _("Request code"), shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    reservation_rows,
    sort="-created_at",
    filters=(
        Filter("q", _("Product or serial number"), "text"),
        Filter("status", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
    ),
    acts=(
        Act(_("Update"), _act("update"), MANAGE, not_updated),
        Act(_("Confirm"), _act("confirm"), MANAGE, not_confirmed),
        Act(_("Rehost"), _act("rehost"), MANAGE, not_rehosted),
        Act(_("Return"), _act("return"), MANAGE, not_returned, danger=True),
    ),
    empty=Empty(
        _("No reservations yet"),
        _("A device without a network gets licences by a code: reserve them with the request code that it shows."),
        (_("Reserve licences"), f"{PATH}/new"),
        MANAGE,
    ),
)


def no_reservation(page: Page) -> Words | None:
    """Why nothing can be reserved here now."""
    pool = page.thing
    if pool["satellite"]:
        name = pool["satellite_name"] or pool["satellite"]
        return _("Satellite {name} manages this virtual account: nothing is reserved in it.", name=name)
    if not show_account(page.unit, page.parts["domain"])["reservation_allowed"]:
        return _("The vendor has switched licence reservation off for this account.")
    return None


def list_page(page: Page) -> Answer:
    """The list."""
    context: dict[str, Any] = {"account_root": f"/a/{page.parts['domain']}"}
    context |= {"root": root_of(page), "tab": "reservations", "no_reservation": no_reservation(page)}
    table = RESERVATIONS
    if context["no_reservation"] and table.empty is not None:
        table = replace(table, empty=replace(table.empty, action=None))
    return table_page(
        page,
        table,
        template="reservations.html",
        context={**context, **pool_tabs(page.parts)},
        nav="virtual-accounts",
        help=HELP,
    )


def find_one(page: Page) -> dict[str, Any]:
    """The reservation of the address; UnknownReservationError."""
    return actions.find_in_place(page.unit, page.parts["domain"], page.parts["number"], page.parts["id"])


def details_page(page: Page) -> Answer:
    """What is reserved, the code for the device, and what to do next."""
    one = page.thing
    context = {
        "one": one,
        "root": at(one),
        "status": STATES[status_of(one)],
        "code": actions.show_authorization_code(page.unit, one["domain"], one["id"]).code,
        "lines": lines_of(newest_lines(one)),
        "going": [held for held in one["held"] if held["in_transition"]],
        "gone_terms": [held for held in one["held"] if held["ended"]],
        "no_update": not_updated(one),
        "awaits_code": not_confirmed(one) is None,
        "takes_return": not_returned(one) is None,
        "manages": page.may(MANAGE),
        "cancels": page.may(Permission.RESERVATION_CANCEL),
        "releases": page.may(Permission.RESERVATION_RELEASE),
        "rehosts": not_rehosted(one) is None,
        "failed": other_of(page, one["rehost_of"]),
        "replacement": other_of(page, one["rehosted_to"]),
        "support": "/support" if page.may_open("/support") else "",
    }
    return Shown("reservation", one["device"], "reservation.html", context, **within(page))


def other_of(page: Page, reservation_id: str | None) -> dict[str, Any] | None:
    """The reservation of the other device of a rehost, with its address where it is in the same virtual account."""
    if reservation_id is None:
        return None
    try:
        found = actions.find_in_place(page.unit, page.parts["domain"], page.parts["number"], reservation_id)
    except UnknownReservationError:
        return None
    return {**found, "path": at(found)}


def within(page: Page, *more: tuple[Words, str]) -> dict[str, Any]:
    """What a page about one or more reservations says of its place."""
    crumbs = ((RESERVATIONS.title, f"{root_of(page)}/reservations"), *more)
    return {"crumbs": crumbs, "nav": "virtual-accounts", "help": HELP}


def about_one(page: Page) -> dict[str, Any]:
    """The same for a page about something of one reservation."""
    return within(page, (page.thing["device"], at(page.thing)))


def download(page: Page) -> Answer:
    """The authorization code as a file."""
    one = page.thing
    code = actions.show_authorization_code(page.unit, one["domain"], one["id"]).code
    return Sent(f"authorization-{one['product']}-{one['serial']}.xml", "application/xml", [code.encode()])


URLS = (
    Url("GET", PATH, list_page, LOOK, "C6.1", load=find_pool, table=RESERVATIONS),
    Url("GET", ONE, details_page, LOOK, "C6.1", load=find_one),
    Url("GET", f"{ONE}/code", download, LOOK, "C6.1", load=find_one),
)
