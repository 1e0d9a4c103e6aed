"""A licence in a virtual account, or in all: overview, devices, events, orders, and why the balance is so (rows C3.5, B23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from central.actions import licence_lists as actions
from central.actions.event_log import list_event_window
from central.actions.licence_lists import Ledger, NamedLicence, TermLine
from central.domain.access.rules import ALL_POOLS
from central.ui.event_words import said
from central.ui.licences import LICENCES_PATH, LOOK, find_pools, licence_path, managed_words, place_words
from central.ui.upgrades import upgrade_path
from exchange.licence_rows import urgency
from serverkit.web.answers import Answer, Shown
from serverkit.web.figures import Chart, Part
from serverkit.web.formats import number
from serverkit.web.licence_pages import BILLING, SOURCES, Entry, billed, covered, state_words, type_word, type_words
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Figure, Filter, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

ONE = f"{LICENCES_PATH}/{{tag}}"
SLICES = 5
MOST_ROWS = 20
"""So many virtual accounts are shown in detail, the worst first; the list of licences has all of them."""


@dataclass(frozen=True)
class Found:
    """The licence of an address, and the virtual account or all of them."""

    pool: Item
    licence: NamedLicence


def find_licence(page: Page) -> Found:
    """The licence of the address; UnknownLicenceError."""
    pool = find_pools(page)
    return Found(pool, actions.name_licence(page.unit, pool["domain"], page.parts["number"], page.parts["tag"]))


def _root(page: Page) -> str:
    return licence_path({**page.thing.pool, "tag": page.parts["tag"]})


def _around(page: Page, tab: str) -> dict[str, Any]:
    root = _root(page)
    items = (
        ("overview", _("Overview"), root),
        ("instances", _("Product instances"), f"{root}/instances"),
        ("events", _("Event log"), f"{root}/events"),
        ("orders", _("Orders"), f"{root}/orders"),
        ("why", _("Why"), f"{root}/why"),
    )
    return {"tab": tab, "tab_items": items, "tab_label": _("Licence"), "one": page.thing}


def _crumbs(page: Page) -> tuple[tuple[Words, str], ...]:
    pool = page.thing.pool
    return ((_("Licences"), f"/a/{pool['domain']}/va/{pool['number']}/licences"),)


def details_page(page: Page) -> Answer:
    """What it is, who uses it, and its terms."""
    one: Found = page.thing
    licence = actions.show_licence(page.unit, one.pool["domain"], page.parts["number"], one.licence.tag)
    whole = page.parts["number"] == ALL_POOLS
    shown = sorted(licence.rows, key=urgency)[:MOST_ROWS] if len(licence.rows) > MOST_ROWS else licence.rows
    context = {
        **_around(page, "overview"),
        "licence": licence,
        "rows": [(row, state_words(row), type_words(row), BILLING[row["billing"]]) for row in shown],
        "more_rows": len(licence.rows) - len(shown),
        "more_rows_path": f"/a/{one.pool['domain']}/va/{one.pool['number']}/licences?q={quote(licence.tag, safe='')}",
        "orders_path": f"{_root(page)}/orders" if licence.more_terms else "",
        "terms": [
            (
                line,
                type_word(line.licence_type),
                term_words(line),
                duplicate_words(licence.duplicates.get(line.subscription_id or "", ()), whole=whole),
            )
            for line in licence.terms
        ],
        "pending": [
            (
                row,
                upgrade_path(
                    {**row, "domain": one.pool["domain"], "number": licence.numbers[row["virtual_account_id"]]}
                ),
            )
            for row in licence.rows
            if row["pending"]
        ],
        "use": Chart(_("In use by virtual account"), _slices(licence.use), name="licence-use"),
        "pool_words": place_words(one.pool),
        "about": managed_words(one.pool),
        "all": whole,
    }
    around: dict[str, Any] = {"crumbs": _crumbs(page), "nav": "virtual-accounts", "help": "central-portal#licences"}
    return Shown("licence", licence.name, "licence.html", context, **around)


def _slices(use: Sequence[tuple[str, int]]) -> list[Part]:
    """The largest users by themselves, the rest together."""
    shown = [Part(name, count) for name, count in use[:SLICES]]
    rest = use[SLICES:]
    if rest:
        words = ngettext("{count} other virtual account", "{count} other virtual accounts", len(rest))
        shown.append(Part(words, sum(count for _name, count in rest)))
    return shown


def duplicate_words(places: Sequence[str], *, whole: bool) -> Words:
    """That a subscription is a duplicate, and where; another one counts there (row C4.2)."""
    if not places:
        return ""
    return _("duplicate in {places}", places=", ".join(places)) if whole else _("duplicate")


def term_words(line: TermLine) -> Words:
    """Whether a term counts; an upgrade that waits does not."""
    return _("waits: name the licences to replace") if line.pending else phase_words(line.phase)


def phase_words(phase: str) -> Words:
    """Whether a term counts."""
    words = {"active": _("counts"), "future": _("starts later"), "expired": _("ended, still reserved or held")}
    return words[str(phase)]


def user_rows(page: Page, wanted: Wanted) -> Rows:
    """The product instances that are wanted."""
    place = page.parts["domain"], page.parts["number"], page.parts["tag"]
    return rows_of(page, lambda unit, part: actions.list_licence_users(unit, *place, part), wanted)


def event_rows(page: Page, wanted: Wanted) -> Rows:
    """The events of the licence."""
    domain, pool = page.parts["domain"], page.parts["number"]
    number_of = None if pool == ALL_POOLS else pool
    listed = page.parts["tag"]
    return rows_of(page, lambda unit, part: list_event_window(unit, domain, number_of, part), wanted, tag=listed)


def order_rows(page: Page, wanted: Wanted) -> Rows:
    """The lots of the licence with their orders."""
    place = page.parts["domain"], page.parts["number"], page.parts["tag"]
    return rows_of(page, lambda unit, part: actions.list_order_window(unit, *place, part), wanted)


USERS = Table(
    "licence-instances",
    _("Product instances"),
    f"{ONE}/instances",
    (
        Column("name", _("Name"), sub=lambda one: f"{one['pid']} {one['serial']}", sort=True, fixed=True, phone=True),
        Column("product", _("Product")),
        Column("virtual_account", _("Virtual account"), shown=False),
        Figure("used", _("In use"), phone=True),
        Figure("reserved", _("Of it reserved")),
        Figure("restricted", _("Of it granted"), shown=False),
    ),
    user_rows,
    sort="name",
    filters=(Filter("q", _("Name or serial number"), "text"),),
    empty=Empty(_("Not in use"), _("A product instance appears here when it uses or reserves the licence.")),
)
EVENTS = Table(
    "licence-events",
    _("Event log"),
    f"{ONE}/events",
    (
        Column("message", _("What happened"), value=said, fixed=True, phone=True),
        Moment("at", _("Time"), sort=True, phone=True),
        Column("actor", _("By")),
        Ident("kind", _("Kind"), shown=False),
    ),
    event_rows,
    sort="-at",
    filters=(Filter("q", _("Text, person or kind"), "text"),),
    empty=Empty(_("No events yet"), _("What happens to the licence in this place is written here.")),
)
ORDERS = Table(
    "licence-orders",
    _("Orders"),
    f"{ONE}/orders",
    (
        Column(
            "order_number", _("Order"), sort=True, fixed=True, phone=True, value=lambda one: one["order_number"] or "–"
        ),
        Column("order_line", _("Line"), phone=True),
        Moment("created_at", _("Date"), sort=True),
        Column("sku", _("SKU")),
        Figure("quantity", _("Quantity"), sort=True, phone=True),
        Figure("here", _("Of it here"), shown=False),
        Moment("start", _("Starts")),
        Moment("end", _("Ends")),
        Column("source", _("Source"), value=lambda one: str(SOURCES[one["source"]])),
        Column("type", _("Type"), value=lambda one: str(type_word(one["type"])), shown=False),
    ),
    order_rows,
    sort="-created_at",
    empty=Empty(_("No orders here"), _("The lots of this licence, each with its order, are listed here.")),
)


def _table_tab(tab: str, table: Table) -> Any:
    def shown(page: Page) -> Answer:
        title = _("{part}: {name}", part=table.title, name=page.thing.licence.name)
        return table_page(
            page,
            table,
            template="tabbed.html",
            context=_around(page, tab),
            title=title,
            crumbs=(*_crumbs(page), (page.thing.licence.name, _root(page))),
            help="central-portal#licences",
            nav="virtual-accounts",
        )

    return shown


def why_page(page: Page) -> Answer:
    """Why the balance is what it is: a ledger that adds up."""
    one: Found = page.thing
    ledger = actions.explain_balance(page.unit, one.pool["domain"], page.parts["number"], one.licence.tag)
    context = {
        **_around(page, "why"),
        "ledger": ledger,
        "sums": ledger_sums(ledger),
        "pool_words": place_words(one.pool),
        "about": managed_words(one.pool),
    }
    return Shown(
        "licence-why",
        _("Why: {name}", name=one.licence.name),
        "licence_why.html",
        context,
        crumbs=(*_crumbs(page), (one.licence.name, _root(page))),
        nav="virtual-accounts",
        help="central-portal#licences",
    )


def ledger_sums(ledger: Ledger) -> list[Entry]:
    """The ledger as lines: each total is the sum of the lines above it, back to the total before."""
    came = [
        Entry(_("Bought or added"), ledger.bought, _("lots that came to this place")),
        Entry(_("Received"), ledger.received, _("from other virtual accounts")),
        Entry(_("Transferred away"), -ledger.given, _("to other virtual accounts")),
        Entry(_("Expired"), -ledger.expired, _("terms that ended")),
        Entry(_("Removed"), -ledger.removed, _("by the vendor, or by an upgrade")),
        Entry(_("Converted"), -ledger.converted, _("into other licences")),
    ]
    apart = [
        Entry(_("Starts later"), -ledger.later, _("does not count yet")),
        Entry(_("Ended, still reserved or held"), -ledger.ended, _("counts no more")),
        Entry(_("Lots billed by usage"), -ledger.usage, _("without limit, so they are no quantity")),
        Entry(_("Reporting only"), -ledger.reporting, _("covers what is in use")),
    ]
    found = [came[0], *(one for one in came[1:] if one.count)]
    if any(one.count for one in apart) or ledger.covered:
        found.append(Entry(_("Here"), ledger.owned, total=True))
        found += [one for one in apart if one.count]
    if ledger.covered:
        found.append(covered(ledger.covered))
    found.append(Entry(_("Purchased"), ledger.purchased, total=True))
    by = ngettext("by {count} product instance", "by {count} product instances", ledger.claimants)
    found.append(Entry(_("In use"), -ledger.claimed, by))
    if ledger.reserved:
        found.append(Entry(_("Reserved"), -ledger.reserved, _("for product instances, by authorization codes")))
    if ledger.restricted:
        owed = _("{count} of it granted and never bought", count=number(ledger.owed)) if ledger.owed else _("granted")
        found.append(Entry(_("Held, restricted"), -ledger.restricted, owed))
    if ledger.billed:
        found.append(billed(ledger.billed))
    found.append(Entry(_("Balance"), ledger.balance, total=True))
    return found


def _url(path: str, handler: Any, row: str, table: Table | None = None) -> Url:
    return Url("GET", path, handler, LOOK, row, load=find_licence, table=table)


URLS = (
    _url(ONE, details_page, "C3.5"),
    _url(f"{ONE}/instances", _table_tab("instances", USERS), "C3.5", USERS),
    _url(f"{ONE}/events", _table_tab("events", EVENTS), "C3.5", EVENTS),
    _url(f"{ONE}/orders", _table_tab("orders", ORDERS), "C3.5", ORDERS),
    _url(f"{ONE}/why", why_page, "B23"),
)
