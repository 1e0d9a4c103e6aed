"""Activity: event logs of an account, of a virtual account and of the vendor; licence transactions (rows C12.4, C12.6)."""

from __future__ import annotations

from functools import partial
from typing import Any

from central.actions.event_log import list_event_window, list_transaction_window
from central.actions.time import zone_of
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.domain.event_log.event_kinds import EventKind
from central.ui.event_words import said
from central.ui.tabs import pool_tabs, record_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer
from serverkit.web.forms import Choice
from serverkit.web.licence_pages import SOURCES
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Filter, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import day_start, rows_of

VENDOR, LOOK = Permission.VENDOR_MANAGE, Permission.VIRTUAL_ACCOUNT_VIEW
GROUPS = {
    "account": _("Account"),
    "agreement": _("Agreement"),
    "alert": _("Alerts"),
    "api_client": _("API clients"),
    "api_token": _("Access tokens"),
    "catalogue": _("Catalogue"),
    "central": _("Central"),
    "clock": _("Clock"),
    "conversion": _("Conversion"),
    "export": _("Restricted licences"),
    "flag": _("Flags"),
    "mail": _("Mail"),
    "support": _("Support"),
    "instance": _("Product instances"),
    "licences": _("Licences"),
    "node": _("Nodes"),
    "policy": _("Policies"),
    "reservation": _("Reservations"),
    "role_key": _("Keys"),
    "root": _("Root of trust"),
    "satellite": _("Satellites"),
    "time": _("Time"),
    "time_settings": _("Time settings"),
    "token": _("Registration tokens"),
    "user": _("Users"),
    "vendor": _("Vendor"),
    "virtual_account": _("Virtual accounts"),
}
_OF_VENDOR = frozenset(
    {
        "agreement",
        "api_client",
        "api_token",
        "catalogue",
        "central",
        "clock",
        "mail",
        "node",
        "policy",
        "role_key",
        "root",
    }
    | {"time", "time_settings", "user", "vendor"}
)
_BOTH = frozenset({"agreement", "user"})


def kinds(*, vendor: bool) -> list[Choice]:
    """Groups of kinds, those of accounts or the vendor's own."""
    known = sorted({kind.value.partition(":")[0] for kind in EventKind})
    wanted = [one for one in known if one in _BOTH or (one in _OF_VENDOR) == vendor]
    return [Choice(f"{one}:", GROUPS.get(one, one.replace("_", " ").capitalize())) for one in wanted]


def event_rows(page: Page, wanted: Wanted) -> Rows:
    """The events that are wanted, of the place that the address names."""
    listed = partial(_listed, page.parts.get("domain"), page.parts.get("number"))
    return rows_of(page, listed, wanted, **_days(page, wanted))


def _listed(domain: str | None, number: str | None, unit: Any, part: Any) -> Any:
    return list_event_window(unit, domain, number, part)


def _days(page: Page, wanted: Wanted) -> dict[str, str | None]:
    zone = zone_of(page.unit)
    since, until = wanted.filters.get("from"), wanted.filters.get("to")
    return {"since": day_start(since, zone), "until": day_start(until, zone, end=True)}


def places(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one["id"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


_WHAT = Column("message", _("What happened"), value=said, fixed=True, phone=True)
_WHEN = Moment("at", _("Time"), sort=True, phone=True)
_WHO = Column("actor", _("By"))
_MORE = (Ident("kind", _("Kind"), shown=False), Ident("instance", _("Device"), shown=False))
_DAYS = (Filter("from", _("From"), "date"), Filter("to", _("To"), "date"))
_TEXT = Filter("q", _("Text, person or kind"), "text")
_HIDDEN = (Filter("instance", _("Device"), "hidden"), Filter("tag", _("Licence"), "hidden"))
_EMPTY = Empty(_("No events yet"), _("What people, devices and central itself do is written here."))
EVENTS = Table(
    "events",
    _("Event log"),
    "/a/{domain}/events",
    (_WHAT, _WHEN, _WHO, Column("virtual_account", _("Virtual account")), *_MORE),
    event_rows,
    sort="-at",
    filters=(
        _TEXT,
        Filter("kind", _("Kind"), choices=kinds(vendor=False)),
        Filter("virtual_account", _("Virtual account"), choices=places),
        *_DAYS,
        *_HIDDEN,
    ),
    empty=_EMPTY,
)
POOL_EVENTS = Table(
    "pool-events",
    _("Event log"),
    f"{POOL}/events",
    (_WHAT, _WHEN, _WHO, *_MORE),
    event_rows,
    sort="-at",
    filters=(_TEXT, Filter("kind", _("Kind"), choices=kinds(vendor=False)), *_DAYS, *_HIDDEN),
    empty=_EMPTY,
)
VENDOR_EVENTS = Table(
    "vendor-events",
    _("Event log of the vendor"),
    "/events",
    (_WHAT, _WHEN, _WHO, _MORE[0]),
    event_rows,
    sort="-at",
    filters=(_TEXT, Filter("kind", _("Kind"), choices=kinds(vendor=True)), *_DAYS),
    empty=_EMPTY,
)


def transaction_rows(page: Page, wanted: Wanted) -> Rows:
    """The transactions that are wanted."""
    domain = page.parts["domain"]
    listed = partial(_transactions, domain)
    return rows_of(page, listed, wanted, **_days(page, wanted))


def _transactions(domain: str, unit: Any, part: Any) -> Any:
    return list_transaction_window(unit, domain, part)


ACTIONS = {
    "added": _("added"),
    "removed": _("removed"),
    "transferred_in": _("received"),
    "transferred_out": _("transferred away"),
}


def action_words(item: Item) -> Words:
    """What was done."""
    return ACTIONS.get(item["action"], str(item["action"]).replace("_", " "))


def source_words(item: Item) -> Words:
    """Where the licences came from; of a conversion the PAK or device."""
    if str(item["source"]).startswith("conversion ("):
        return _("conversion ({of})", of=str(item["source"]).removeprefix("conversion (").removesuffix(")"))
    return SOURCES.get(item["source"], str(item["source"]).replace("_", " "))


def is_added(item: Item) -> bool:
    """Whether a transaction brought a lot."""
    return item["action"] == "added" and item["lot"] is not None and item["number"] is not None


def none_free(item: Item) -> Words | None:
    """Why nothing of a lot can be removed."""
    return None if item["free"] else _("Nothing of it is here and free of reservations.")


def remove_path(item: Item) -> str:
    """Where units of the lot are removed."""
    return f"/a/{item['domain']}/va/{item['number']}/lots/{item['lot']}/remove"


TRANSACTIONS = Table(
    "transactions",
    _("Licence transactions"),
    "/a/{domain}/transactions",
    (
        Column("name", _("Licence"), sub="tag", fixed=True, phone=True),
        Moment("at", _("Time"), sort=True, phone=True),
        Figure("count", _("Count"), phone=True),
        Column("action", _("Action"), value=action_words, phone=True),
        Column("virtual_account", _("Virtual account")),
        Column("source", _("Source"), value=source_words),
        Column("order_number", _("Order")),
        Column("order_line", _("Line"), shown=False),
        Column("sku", _("SKU"), shown=False),
        Column("type", _("Type"), shown=False),
        Moment("expiry", _("Term ends"), shown=False),
        Column("user", _("By")),
        Column("notes", _("Notes"), shown=False),
        Ident("id", _("Id"), shown=False),
        Ident("lot", _("Lot"), shown=False),
    ),
    transaction_rows,
    sort="-at",
    filters=(
        Filter("q", _("Licence, order, SKU or note"), "text"),
        Filter("virtual_account", _("Virtual account"), choices=places),
        *_DAYS,
    ),
    acts=(Act(_("Remove"), remove_path, Permission.LICENCE_MANAGE, none_free, fits=is_added, danger=True),),
    empty=Empty(_("No transactions yet"), _("Each purchase, transfer and upgrade of licences is written here.")),
)


def list_page(page: Page) -> Answer:
    """The log of an account, with that of its virtual accounts."""
    context = {"tab": "events", **record_tabs(page.parts)}
    return table_page(
        page, EVENTS, template="tabbed.html", context=context, help="central-portal#activity", nav="events"
    )


def transactions_page(page: Page) -> Answer:
    """The licence transactions of an account."""
    context = {"tab": "transactions", "add": f"/a/{page.parts['domain']}/licences/add", **record_tabs(page.parts)}
    return table_page(
        page, TRANSACTIONS, template="transactions.html", context=context, help="central-portal#activity", nav="events"
    )


def pool_page(page: Page) -> Answer:
    """The log of a virtual account."""
    context = {"tab": "events", **pool_tabs(page.parts)}
    title = _("Event log of {name}", name=page.thing["name"])
    return table_page(
        page,
        POOL_EVENTS,
        template="tabbed.html",
        context=context,
        title=title,
        help="central-portal#activity",
        nav="virtual-accounts",
    )


def vendor_page(page: Page) -> Answer:
    """The log of what belongs to no account."""
    return table_page(page, VENDOR_EVENTS, help="central-portal#activity")


URLS = (
    Url("GET", "/a/{domain}/events", list_page, SIGNED_IN, "C12.4", table=EVENTS),
    Url("GET", "/a/{domain}/transactions", transactions_page, SIGNED_IN, "C12.4", table=TRANSACTIONS),
    Url("GET", f"{POOL}/events", pool_page, LOOK, "C12.6", load=find_pool, table=POOL_EVENTS),
    Url("GET", "/events", vendor_page, VENDOR, "C12.4", table=VENDOR_EVENTS),
)
