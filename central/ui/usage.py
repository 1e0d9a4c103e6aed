"""Measured use of a virtual account: what its devices reported, by licence and month (rows S4.6, C3.6)."""

from __future__ import annotations

from urllib.parse import quote

from central.actions.usage import list_usage_window
from central.ui.licences import LOOK
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Figure, Filter, Ident, Item, Rows, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

PATH = f"{POOL}/usage"
BILLINGS: dict[str, Words] = {
    "usage": _("By usage"),
    "reporting_only": _("Reporting only"),
    "prepaid": _("Prepaid"),
}


def licence_path(item: Item) -> str:
    """The address of the licence."""
    return f"/a/{item['domain']}/va/{item['number']}/licences/{quote(str(item['tag']), safe='')}"


def usage_rows(page: Page, wanted: Wanted) -> Rows:
    """The months that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_usage_window(unit, domain, number, part), wanted)


USAGE = Table(
    "usage",
    _("Measured use"),
    PATH,
    (
        Column("name", _("Licence"), link=licence_path, sub="tag", sort=True, fixed=True, phone=True),
        Column("month", _("Month"), sort=True, phone=True),
        Column("billing", _("Billing"), value=lambda one: str(BILLINGS[one["billing"]])),
        Figure("count", _("Most in use"), sort=True, phone=True),
        Figure("covered", _("Covered by prepaid"), sort=True),
        Figure("by_usage", _("Billed by usage"), sort=True, phone=True),
        Figure("devices", _("Devices"), sort=True),
        Figure("unit_hours", _("Unit hours"), sort=True),
        Ident("id", _("Id"), shown=False),
    ),
    usage_rows,
    sort="-month",
    filters=(
        Filter("q", _("Licence"), "text"),
        Filter("month", _("Month, such as 2026-11"), "text"),
        Filter("billing", _("Billing"), choices=tuple(Choice(name, words) for name, words in BILLINGS.items())),
    ),
    empty=Empty(
        _("No use was reported"),
        _("Devices that report their use are listed here by licence and month (UTC)."),
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    pool = page.thing
    root = f"/a/{pool['domain']}/va/{pool['number']}"
    return table_page(
        page,
        USAGE,
        template="tabbed.html",
        context={"tab": "licences", **pool_tabs(page.parts)},
        title=_("Measured use in {name}", name=pool["name"]),
        crumbs=((_("Licences"), f"{root}/licences"),),
        help="central-portal#measured-use",
        nav="virtual-accounts",
    )


URLS = (Url("GET", PATH, list_page, LOOK, "C3.6", load=find_pool, table=USAGE),)
