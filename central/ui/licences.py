"""Licences of a virtual account, or of all of them: the worst first (rows C3.1, C3.2, C3.8, C3.9)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from central.actions.licence_lists import list_licence_window
from central.actions.lots import shows_lots
from central.actions.virtual_accounts import find_place
from central.domain.access.rules import ALL_POOLS, Permission
from central.ui.assignments import assign_path
from central.ui.licence_tags import FILTER, tag_bulk, tag_one_licence
from central.ui.tabs import pool_tabs
from central.ui.transfers import TRANSFER_BULK, transfer_path
from central.ui.upgrades import upgrade_path
from central.ui.virtual_accounts import POOL
from serverkit.web.answers import Answer
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.forms import Choice
from serverkit.web.licence_pages import (
    BILLING,
    KINDS,
    RESTRICTED,
    STATE,
    STATES,
    TYPE,
    by_usage,
    in_transition,
    pending_words,
    reserved_words,
    state_words,
)
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Balance,
    Column,
    Empty,
    Figure,
    Filter,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

LOOK, TRANSFER = Permission.VIRTUAL_ACCOUNT_VIEW, Permission.LICENCE_TRANSFER
LICENCES_PATH = f"{POOL}/licences"


def licence_path(item: Item) -> str:
    """The address of a licence in its virtual account."""
    return f"/a/{item['domain']}/va/{item['number']}/licences/{quote(str(item['tag']), safe='')}"


def why_path(item: Item) -> str:
    """Why a figure is what it is."""
    return f"{licence_path(item)}/why"


def users_path(item: Item) -> str:
    """Who uses it."""
    return f"{licence_path(item)}/instances"


def alert_words(item: Item) -> str:
    """The open alerts on it by severity."""
    counts = item["alerts"]
    words = (
        ("major", _("{count} major", count=counts.get("major", 0))),
        ("minor", _("{count} minor", count=counts.get("minor", 0))),
        ("informational", _("{count} informational", count=counts.get("informational", 0))),
    )
    return ", ".join(str(said) for name, said in words if counts.get(name))


def alerts_path(item: Item) -> str | None:
    """Where these alerts are."""
    return f"/a/{item['domain']}/alerts?q={quote(str(item['name']))}" if item["alerts"] else None


def pending_upgrade(item: Item) -> tuple[Words, str] | None:
    """Where upgrades that wait for the licences that they replace are completed (row C5.1)."""
    return (_("Upgrade pending"), upgrade_path(item)) if item["pending"] else None


def licence_rows(page: Page, wanted: Wanted) -> Rows:
    """The licences that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_licence_window(unit, domain, number, part), wanted)


LICENCES = Table(
    "licences",
    _("Licences"),
    LICENCES_PATH,
    (
        Column("name", _("Licence"), link=licence_path, sub="tag", sort=True, fixed=True, phone=True),
        State("state", _("State"), STATES, say=state_words, sort=True, phone=True),
        Column("virtual_account", _("Virtual account"), sort=True, shown=False),
        Column("billing", _("Billing"), value=lambda one: str(BILLING[one["billing"]]), sort=True),
        Figure("purchased", _("Purchased"), sub=pending_words, hint=by_usage, sort=True),
        Figure("in_use", _("In use"), link=users_path, sub=reserved_words, hint=in_transition, sort=True),
        Figure("reserved", _("Reserved"), sort=True, shown=False),
        Figure("in_transition", _("In transition"), shown=False),
        Balance("balance", _("Balance"), link=why_path, hint=by_usage, sort=True, phone=True),
        Column("tags", _("Tags")),
        Column("alerts", _("Alerts"), value=alert_words, link=alerts_path, further=pending_upgrade),
        KINDS,
        Moment("next_end", _("Ends next"), sort=True, shown=False),
        Figure("upcoming", _("Starts later"), sort=True, shown=False),
        Figure("pending", _("Pending"), shown=False),
        Column("family", _("Product family"), shown=False),
        Column("restricted", _("Restricted"), shown=False),
    ),
    licence_rows,
    sort="state",
    filters=(
        Filter("q", _("Licence or its id"), "text"),
        STATE,
        TYPE,
        Filter("billing", _("Billing"), choices=tuple(Choice(name, words) for name, words in BILLING.items())),
        RESTRICTED,
        FILTER,
    ),
    acts=(
        Act(_("Transfer"), transfer_path, TRANSFER),
        Act(_("Complete upgrade"), upgrade_path, TRANSFER, fits=lambda one: bool(one["pending"])),
        Act(_("Change assignment"), assign_path, TRANSFER, fits=lambda one: one["billing"] == "usage"),
    ),
    bulk=(*tag_bulk(tag_one_licence, "licences"), TRANSFER_BULK),
    empty=Empty(_("No licences yet"), _("Licences come with an order of the vendor, or from another virtual account.")),
)


def find_pools(page: Page) -> dict[str, Any]:
    """The virtual account of the address, or all of them; UnknownVirtualAccountError."""
    domain, number = page.parts["domain"], page.parts["number"]
    if number == ALL_POOLS:
        return {"domain": domain, "number": number, "name": "", "satellite": None, "satellite_name": None}
    return find_place(page.unit, domain, number)


def place_words(pool: Item) -> Words:
    """The virtual account by name, or all of them in words."""
    return pool["name"] or _("all virtual accounts")


def list_page(page: Page) -> Answer:
    """The list."""
    pool = page.thing
    root = f"/a/{page.parts['domain']}/va/{page.parts['number']}"
    context = {
        "tab": "licences",
        "root": root,
        "one_pool": page.parts["number"] != ALL_POOLS,
        "shows_lots": shows_lots(page.unit, page.parts["domain"]),
        "intro": managed_words(pool),
        **pool_tabs(page.parts),
    }
    return table_page(
        page,
        LICENCES,
        template="licences.html",
        context=context,
        title=_("Licences of {name}", name=place_words(pool)),
        help="central-portal#licences",
        nav="virtual-accounts",
    )


def managed_words(pool: Item) -> Words:
    """What the figures of a satellite's virtual account rest on."""
    if not pool["satellite"]:
        return ""
    name = pool["satellite_name"] or pool["satellite"]
    return _("In use is what satellite {name} reported with its last synchronization.", name=name)


URLS = (Url("GET", LICENCES_PATH, list_page, LOOK, "C3.1", load=find_pools, table=LICENCES), *bulk_urls(LICENCES))
