"""Lots of a virtual account: each purchase and grant with its source (rows C3.4, C3.7, C3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from central.actions import licence_tags as tag_actions
from central.actions.lots import list_lot_window, suggest_paks
from central.domain.ledger.lot_fields import SOURCE_FIELDS
from central.domain.ledger.rules import LotSource
from central.ui.licence_tags import FILTER, tag_bulk
from central.ui.licences import LOOK
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.forms import Choice
from serverkit.web.licence_pages import SOURCES, type_word
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Figure, Filter, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

LOTS_PATH = f"{POOL}/lots"
FIELDS: Mapping[str, Words] = {
    "po_number": _("PO number"),
    "order_number": _("Order"),
    "order_line": _("Line"),
    "customer": _("Customer"),
    "ship_to_country": _("Ship to"),
    "licence_sku": _("SKU"),
    "sku_family": _("SKU family"),
    "pak": _("PAK number"),
    "licence_family": _("Licence family"),
    "product_sku": _("Product SKU"),
    "serial": _("Serial number"),
    "device_details": _("Device"),
    "product_family": _("Product family"),
    "transaction_id": _("Transaction"),
    "suite": _("Suite"),
}


def licence_path(item: Item) -> str:
    """The address of the licence of a lot."""
    return f"/a/{item['domain']}/va/{item['number']}/licences/{quote(str(item['licence']), safe='')}"


def details(item: Item) -> str:
    """What is shown of a lot for its source, each with its name."""
    known = [(name, item[name]) for name in item["of_source"] if item[name]]
    return "; ".join(str(_("{name}: {value}", name=FIELDS[name], value=value)) for name, value in known)


def lot_rows(page: Page, wanted: Wanted) -> Rows:
    """The lots that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_lot_window(unit, domain, number, part), wanted)


def tag_one_lot(page: Page, item: Item, tags: list[str], verb: str) -> None:
    """Change the tags of one lot."""
    name = find_pool(page)["name"]
    tag_actions.tag_licences(page.unit, page.parts["domain"], name, tags, (), [item["id"]], remove=verb == "remove")


LICENCE = Column(
    "licence",
    _("Licence"),
    value=lambda one: one["name"],
    link=licence_path,
    sub="licence",
    sort=True,
    fixed=True,
    phone=True,
)


def lots_table(source: str) -> Table:
    """The list with the columns of a source, or with what is shown of each for its own."""
    of_it = SOURCE_FIELDS[LotSource(source)] if source in set(LotSource) else ()
    columns = [
        LICENCE,
        Column("source", _("Source"), value=lambda one: str(SOURCES[one["source"]]), sort=True, shown=not of_it),
        Column("details", _("Details"), value=details, phone=True, shown=not of_it),
        *(Column(name, FIELDS[name], shown=True) for name in of_it),
        *(Column(name, words, shown=False) for name, words in FIELDS.items() if name not in of_it),
        Column("web_order_id", _("Web order"), shown=False),
        Column("end_customer", _("End customer"), shown=False),
        Column("type", _("Type"), value=lambda one: str(type_word(one["type"]))),
        Figure("quantity", _("Quantity"), sort=True, phone=True),
        Figure("free", _("Of it not held"), shown=False),
        Moment("start", _("Starts"), shown=False),
        Moment("end", _("Ends"), sort=True, shown=source != LotSource.DEVICE_REQUEST),
        Column("tags", _("Tags")),
        Column("subscription_id", _("Subscription"), shown=False),
        Moment("added_at", _("Added"), shown=False),
        Ident("id", _("Id"), shown=False),
    ]
    return Table(
        "lots",
        _("Licence transactions"),
        LOTS_PATH,
        columns,
        lot_rows,
        sort="licence",
        filters=_FILTERS,
        bulk=tag_bulk(tag_one_lot, "lots"),
        empty=Empty(_("No lots here"), _("Each purchase and grant of licences is a lot, listed here with its source.")),
    )


def paks(page: Page, text: str) -> list[str]:
    """PAK numbers that begin with what was typed."""
    return suggest_paks(page.unit, page.parts["domain"], page.parts["number"], text)


_FILTERS = (
    Filter("licence", _("Licence"), "text"),
    Filter("source", _("Source"), choices=tuple(Choice(name, words) for name, words in SOURCES.items())),
    FILTER,
    Filter("order", _("Order number, whole"), "text", more=True),
    Filter("po", _("PO number, whole"), "text", more=True),
    Filter("customer", _("End customer"), "text", more=True),
    Filter("country", _("Ship-to country"), "text", more=True),
    Filter("pak", _("PAK number, whole"), "text", more=True, suggest=paks),
    Filter("family", _("Product or licence family"), "text", more=True),
    Filter("sku", _("Product or licence SKU"), "text", more=True),
    Filter("expires_by", _("Ends by"), "date", more=True),
)
LOTS = lots_table("")


def list_page(page: Page) -> Answer:
    """The list."""
    pool = page.thing
    root = f"/a/{pool['domain']}/va/{pool['number']}"
    return table_page(
        page,
        lots_table(page.query.get("source", "")),
        template="licences.html",
        context={"tab": "licences", "root": root, "one_pool": True, "lots": True, **pool_tabs(page.parts)},
        title=_("Licence transactions of {name}", name=pool["name"]),
        crumbs=((_("Licences"), f"{root}/licences"),),
        help="central-portal#lots",
        nav="virtual-accounts",
    )


URLS = (Url("GET", LOTS_PATH, list_page, LOOK, "C3.4", load=find_pool, table=LOTS), *bulk_urls(LOTS))
