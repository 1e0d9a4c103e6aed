"""Orders of all accounts: lines with what became of them, and the import of a file (rows C3.3, C3.4)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel, Field

from central.actions import orders as actions
from central.actions.accounts import name_accounts, show_account
from central.domain.access.rules import Permission
from central.domain.accounts.errors import UnknownAccountError
from central.ui.imports import MOST_BYTES, MOST_FORM_BYTES, Carried, Check
from central.ui.words import SOURCES, TYPES
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.errors import InvalidFormError
from serverkit.web.formats import number
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Figure, Filter, Ident, Item, Moment, Rows, StateWords, Table, Wanted
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.uploads import carried_file, unpacked
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.ORDER_MANAGE
PATH = "/orders"
IMPORT = f"{PATH}/import"
HELP = "orders-and-catalogue#orders"
MOST_CHOICES = 100


def order_rows(page: Page, wanted: Wanted) -> Rows:
    """The lines that are wanted; none for an account that there is not."""
    try:
        return rows_of(page, actions.list_order_window, wanted)
    except UnknownAccountError:
        return Rows((), count=0)


def at(item: Item) -> str:
    """The address of a line."""
    return f"{PATH}/{item['id']}"


def reference(item: Item) -> str:
    """The number and line of an order; a licence without one says so."""
    return f"{item['order_number']} / {item['order_line']}" if item["order_number"] else str(_("no order number"))


ORDERS = Table(
    "orders",
    _("Orders"),
    PATH,
    (
        Column("order", _("Order and line"), value=reference, link=at, fixed=True, phone=True),
        Column("account_name", _("Account"), sub="account", phone=True),
        Column("name", _("Licence"), sub="tag", phone=True),
        Figure("quantity", _("Quantity"), phone=True),
        Column("type", _("Type"), value=lambda one: str(TYPES[one["type"]])),
        Moment("end", _("Term ends")),
        Column("source", _("Source"), value=lambda one: str(SOURCES[one["source"]])),
        Column("sku", _("SKU"), shown=False),
        Moment("created_at", _("Imported"), sort=True),
        Ident("id", _("Lot"), shown=False),
    ),
    order_rows,
    sort="-created_at",
    filters=(
        Filter("q", _("Order number or licence tag"), "text"),
        Filter("account", _("Domain of the account"), "text"),
    ),
    empty=Empty(
        _("No orders yet"),
        _("An order file adds the licences that a customer bought."),
        (_("Import orders"), IMPORT),
        MANAGE,
    ),
)
UP = ((ORDERS.title, PATH),)


def _what(one: Item) -> Words:
    return f"{number(one['quantity'])} x {one['name']} ({one['tag']})" if "tag" in one else ""


def _says(one: Item) -> Words:
    if one["message"]:
        return str(one["message"])
    order = reference(one)
    pool = one["virtual_account"]
    return f"{order}, {pool}" if pool else str(_("{order}, default virtual account", order=order))


CHECK = Check(
    "orders-check",
    _("Orders to import"),
    f"{IMPORT}/apply",
    IMPORT,
    "orders",
    {
        "refused": StateWords(_("faulty"), Severity.MAJOR),
        "warning": StateWords(_("odd"), Severity.MINOR),
        "added": StateWords(_("is added")),
    },
    _what,
    _says,
    "orders-and-catalogue#codes-of-faulty-lines",
)


class ChosenOrders(BaseModel):
    """A file of orders, and whose they are."""

    account: str = Field(max_length=253)
    file: str = ""


class CheckedOrders(Carried):
    """The same, after it was shown."""

    account: str = Field(max_length=253)


UPLOAD = Form(
    ChosenOrders,
    _("Check file"),
    {
        "account": Ui(_("Account"), _("By its domain identifier."), mono=True),
        "file": Ui(
            _("Orders (CSV)"),
            _("Columns: virtual_account, tag, quantity, and those that the help lists."),
            "file",
            required=True,
        ),
    },
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, ORDERS, template="orders.html", help=HELP)


def find_line(page: Page) -> dict[str, Any]:
    """The line of the address; UnknownOrderLineError."""
    return actions.show_order_line(page.unit, page.parts["id"])


def line_page(page: Page) -> Answer:
    """One line: what the file said, and where its units are."""
    one = page.thing
    context = {"one": one, "type": TYPES[one["type"]], "source": SOURCES[one["source"]], "states": STATES}
    context["path"] = at(one)
    context["others"] = [(row, at(row)) for row in one["others"]]
    context["details"] = [(name.replace("_", " ").capitalize(), value) for name, value in one["details"].items()]
    context["order"] = f"{PATH}?q={quote(one['order_number'])}" if one["order_number"] else ""
    title = _("Order {order}", order=reference(one)) if one["order_number"] else one["name"]
    return Shown("order", title, "order.html", context, crumbs=UP, nav="orders", help=HELP)


STATES = {
    "free": _("free or in use"),
    "pending": _("waits for the upgrade"),
    "locked": _("granted to devices"),
    "owed": _("granted, not bought"),
    "reserved": _("reserved for devices"),
    "transition": _("in transition"),
    "expired": _("ended"),
    "removed": _("removed"),
    "converted": _("converted"),
    "outside": _("outside"),
}


def import_page(page: Page) -> Answer:
    """Choose an account and a file."""
    known = name_accounts(page.unit, MOST_CHOICES + 1)
    few = len(known) <= MOST_CHOICES
    choices = {"account": [Choice(domain, f"{name} ({domain})") for domain, name in known]} if few and known else {}
    view = UPLOAD.view(page, IMPORT, values={"account": page.query.get("account", "")}, choices=choices, cancel=PATH)
    intro = _("Each line adds licences to a virtual account. The next page shows every line before anything is added.")
    return Shown(
        "orders-import", _("Import orders"), "form_page.html", {"view": view, "intro": intro},
        crumbs=UP, nav="orders", help=HELP,
    )  # fmt: skip


def check(page: Page) -> Answer:
    """Every line with its verdict; nothing is changed."""
    _known(page, cast("ChosenOrders", page.read).account)
    return _checked(page, carried_file(page))


def check_again(page: Page) -> Answer:
    """The same, after an import that was refused."""
    return _checked(page, unpacked(page.sent.get("content", "")))


def _known(page: Page, domain: str) -> None:
    try:
        show_account(page.unit, domain)
    except UnknownAccountError as error:
        raise InvalidFormError({"account": _("There is no account of this domain.")}) from error


def _checked(page: Page, data: bytes) -> Shown:
    domain = page.sent.get("account", "")
    found = actions.preview_orders(page.unit, domain, data)
    account = show_account(page.unit, domain)
    facts = (
        (_("Account"), f"{account['name']} ({domain})"),
        (_("Lines to add"), number(found["lots"])),
        (_("Units"), number(found["quantity"])),
        *(((_("Note"), "; ".join(found["warnings"])),) if found["warnings"] else ()),
    )
    command = f"central order import {domain} FILE --preview\ncentral order import {domain} FILE"
    crumbs = (*UP, (_("Import orders"), IMPORT))
    return CHECK.shown(page, data, found, facts, crumbs=crumbs, command=command, hidden=(("account", domain),))


def take(page: Page) -> Answer:
    """Import a file that was shown; it is judged once more."""
    read = cast("CheckedOrders", page.read)
    _known(page, read.account)
    found = actions.import_orders(page.unit, read.account, unpacked(read.content))
    said = ngettext("{count} line of orders imported.", "{count} lines of orders imported.", len(found.items))
    return Moved(f"{PATH}?account={quote(read.account)}", said)


URLS = (
    Url("GET", PATH, list_page, MANAGE, "C3.4", table=ORDERS),
    Url("GET", IMPORT, import_page, MANAGE, "C3.4"),
    Url("POST", IMPORT, check, MANAGE, "C3.4", form=ChosenOrders, most_bytes=MOST_BYTES),
    Url(
        "POST", f"{IMPORT}/apply", take, MANAGE, "C3.4", form=CheckedOrders, again=check_again,
        most_bytes=MOST_FORM_BYTES,
    ),
    Url("GET", f"{PATH}/{{id}}", line_page, MANAGE, "C3.4", load=find_line),
)  # fmt: skip
