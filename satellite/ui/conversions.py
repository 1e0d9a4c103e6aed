"""Requests of devices to convert their classic licences: on their way to central, and what became of them (row C9.5)."""

from __future__ import annotations

from typing import Any

from satellite.actions.conversions import list_conversions, show_conversion
from satellite.ui.pages import places
from serverkit.web.answers import Answer, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Column,
    Empty,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

STATES = {
    "waiting": StateWords(_("Waits for synchronization")),
    "sent": StateWords(_("Sent, waits for a response")),
    "converted": StateWords(_("converted")),
    "already_converted": StateWords(_("already converted")),
    "partly_converted": StateWords(_("partly converted"), Severity.MINOR),
    "not_converted": StateWords(_("not converted"), Severity.MINOR),
}
REASONS: dict[str, Words] = {
    "unknown_device": _("central does not know the device"),
    "not_listed": _("the vendor's list has no such licence of this device"),
    "more_than_listed": _("the vendor's list has fewer units"),
    "sku_not_eligible": _("it becomes no smart licence"),
    "classic_term_over": _("its term is over"),
    "contract_missing": _("no service contract covers it"),
    "contract_not_checked": _("its service contract could not be checked"),
    "partial_not_allowed": _("only all of its units can be converted at once"),
    "too_late": _("the request found no connection to central for 90 days"),
}
HELP = "conversion#conversion-by-the-device"


def one_path(item: Item) -> str:
    """The address of a request."""
    return f"/conversions/{item['id']}"


def device_of(item: Item) -> str:
    """The device by its host name, else its identity."""
    return str(item["hostname"] or item["device"])


def units_of(item: Item) -> Words:
    """How many units of all are converted; nothing while it is not decided."""
    if not item["licences"]:
        return ""
    return _("{converted} of {quantity}", converted=item["converted"], quantity=item["quantity"])


def _rows(page: Page, wanted: Wanted) -> Rows:
    return rows_of(page, list_conversions, wanted)


CONVERSIONS = Table(
    "conversions",
    _("Conversions"),
    "/conversions",
    (
        Column("device", _("Device"), value=device_of, link=one_path, sort=True, fixed=True, phone=True),
        Column("skus", _("Classic licences")),
        State("state", _("State"), STATES, sort=True, phone=True),
        Column("converted", _("Units converted"), value=units_of),
        Moment("requested_at", _("Asked"), sort=True),
        Column("virtual_account", _("Virtual account"), shown=False),
        Moment("sent_at", _("Sent"), shown=False),
        Moment("decided_at", _("Decided"), shown=False),
    ),
    _rows,
    sort="-requested_at",
    filters=(
        Filter("q", _("Device or SKU"), "text"),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter("virtual_account", _("Virtual account"), choices=places),
    ),
    empty=Empty(
        _("No requests for conversion yet"),
        _(
            "A device that has its classic licences converted appears here. Central decides; the answer comes with a response."
        ),
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, CONVERSIONS, help=HELP)


def find_request(page: Page) -> dict[str, Any]:
    """The request of the address; UnknownConversionError."""
    return show_conversion(page.unit, page.parts["id"])


def request_page(page: Page) -> Answer:
    """One request: where it is, and what became of each SKU."""
    one = page.thing
    context = {"one": one, "state": STATES[one["state"]], "reasons": REASONS}
    crumbs = ((CONVERSIONS.title, CONVERSIONS.path),)
    return Shown("conversion", device_of(one), "conversion.html", context, crumbs=crumbs, nav="conversions", help=HELP)


URLS = (
    Url("GET", "/conversions", list_page, SIGNED_IN, "C9.5", table=CONVERSIONS),
    Url("GET", "/conversions/{id}", request_page, SIGNED_IN, "C9.5", load=find_request),
)
