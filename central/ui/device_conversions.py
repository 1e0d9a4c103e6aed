"""Requests of devices to convert the classic licences that they hold, each with its SKUs (row C9.5)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from central.actions import device_conversions as actions
from central.domain.access.rules import Permission
from central.ui.conversions import HELP, NAV, ROOT, pools, tabs_of
from serverkit.web.answers import Answer, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Column,
    Empty,
    Figure,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
)
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

STATES = {
    "pending": StateWords(_("waits for the contract check")),
    "converted": StateWords(_("converted")),
    "already_converted": StateWords(_("already converted")),
    "partly_converted": StateWords(_("partly converted"), Severity.MINOR),
    "not_converted": StateWords(_("not converted"), Severity.MINOR),
}


def _rows(page: Page, wanted: Wanted) -> Rows:
    domain = page.parts["domain"]
    return rows_of(page, lambda unit, part: actions.list_device_conversions(unit, domain, part), wanted)


def one_path(item: Item) -> str:
    """The address of a request."""
    return f"/a/{item['domain']}/convert/requests/{quote(str(item['id']), safe='')}"


def device_of(item: Item) -> str:
    """The device by its host name, else its identity."""
    return str(item["hostname"] or item["device"])


REQUESTS = Table(
    "convert-requests",
    _("Requests of devices"),
    f"{ROOT}/requests",
    (
        Column("device", _("Device"), value=device_of, link=one_path, sort=True, fixed=True, phone=True),
        Column("virtual_account", _("Virtual account")),
        State("state", _("State"), STATES, sort=True, phone=True),
        Figure("converted", _("Converted")),
        Figure("quantity", _("Units")),
        Column("satellite", _("Satellite")),
        Moment("decided_at", _("Decided"), sort=True),
        Moment("requested_at", _("Asked"), shown=False),
    ),
    _rows,
    sort="-decided_at",
    filters=(
        Filter("q", _("Product ID or serial number"), "text"),
        Filter("virtual_account", _("Virtual account"), choices=pools),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
    ),
    empty=Empty(
        _("No device asked for a conversion yet"),
        _("A device can have the classic licences that it holds converted itself, directly or through a satellite."),
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(
        page, REQUESTS, template="tabbed.html", context={"tab": "requests", **tabs_of(page)}, help=HELP, nav=NAV
    )


def find_request(page: Page) -> dict[str, Any]:
    """The request of the address; UnknownDeviceConversionError."""
    return actions.show_device_conversion(page.unit, page.parts["domain"], page.parts["id"])


def request_page(page: Page) -> Answer:
    """One request: what became of each SKU."""
    one = page.thing
    crumbs = ((REQUESTS.title, f"/a/{one['domain']}/convert/requests"),)
    context = {"one": one, "state": STATES[one["state"]]}
    return Shown("convert-request", device_of(one), "convert_request.html", context, crumbs=crumbs, help=HELP, nav=NAV)


URLS = (
    Url("GET", f"{ROOT}/requests", list_page, SIGNED_IN, "C9.5", table=REQUESTS),
    Url("GET", f"{ROOT}/requests/{{id}}", request_page, Permission.VIRTUAL_ACCOUNT_VIEW, "C9.5", load=find_request),
)
