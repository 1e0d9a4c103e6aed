"""The catalogue: licences and products, and the import of a file (rows C3.4, C8.1)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel

from central.actions import catalogue as actions
from central.domain.access.rules import Permission
from central.ui.imports import MOST_BYTES, MOST_FORM_BYTES, Carried, Check
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Ident, Item, Rows, StateWords, Table, Wanted
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.uploads import carried_file, unpacked
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.CATALOGUE_MANAGE
PATH = "/catalogue"
PRODUCTS_PATH, IMPORT = f"{PATH}/products", f"{PATH}/import"
HELP = "orders-and-catalogue#catalogue"


def licence_rows(page: Page, wanted: Wanted) -> Rows:
    """The licences that are wanted."""
    return rows_of(page, actions.list_entitlement_window, wanted)


def product_rows(page: Page, wanted: Wanted) -> Rows:
    """The products that are wanted."""
    return rows_of(page, actions.list_product_window, wanted)


def at(item: Item) -> str:
    """The address of a licence."""
    return f"{PATH}/licences/{quote(item['tag'], safe='')}"


_TEXT = Filter("q", _("Tag, name or family"), "text")
_EMPTY = Empty(
    _("The catalogue is empty"),
    _("It names the licences and products that exist. One file adds all of them."),
    (_("Import a catalogue"), IMPORT),
    MANAGE,
)
LICENCES = Table(
    "catalogue",
    _("Catalogue"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True, link=at, sub="description"),
        Ident("tag", _("Licence tag"), sort=True, phone=True),
        Column("restricted", _("Restricted"), value=lambda one: one["restricted"], phone=True),
        Column("family", _("Family"), sort=True),
        Column("products", _("Products"), value=lambda one: ", ".join(one["products"]) or str(_("any"))),
    ),
    licence_rows,
    sort="tag",
    filters=(
        _TEXT,
        Filter("restricted", _("Restricted"), choices=(Choice("yes", _("yes")), Choice("no", _("no")))),
    ),
    empty=_EMPTY,
)
PRODUCTS = Table(
    "catalogue-products",
    _("Products of the catalogue"),
    PRODUCTS_PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True, sub="description"),
        Ident("tag", _("Product tag"), sort=True, phone=True),
        Column("family", _("Family"), sort=True, phone=True),
    ),
    product_rows,
    sort="tag",
    filters=(_TEXT,),
    empty=_EMPTY,
)
TABS = (("licences", _("Licences"), PATH), ("products", _("Products"), PRODUCTS_PATH))
UP = ((LICENCES.title, PATH),)


def _says(one: Item) -> Words:
    if one["verdict"] == "refused":
        return str(one["message"])
    if one["verdict"] != "restriction":
        return ""
    turned = _("It becomes restricted") if one["restricted"] else _("It becomes ordinary")
    if not one["in_use"]:
        return turned
    used = ngettext("{count} unit is in use", "{count} units are in use", one["in_use"])
    return f"{turned}; {used}."


CHECK = Check(
    "catalogue-check",
    _("Catalogue to import"),
    f"{IMPORT}/apply",
    IMPORT,
    "catalogue",
    {
        "refused": StateWords(_("faulty"), Severity.MAJOR),
        "restriction": StateWords(_("restriction changes"), Severity.MINOR),
        "changed": StateWords(_("changed")),
        "new": StateWords(_("new")),
        "same": StateWords(_("unchanged")),
    },
    lambda one: f"{one['name']} ({one['tag']})" if "tag" in one else "",
    _says,
    "orders-and-catalogue#codes-of-faulty-lines",
)


class ChosenFile(BaseModel):
    """A file of the catalogue."""

    file: str = ""


class CheckedCatalogue(Carried):
    """A file that was shown; the change of restrictions in use is confirmed apart."""

    change_restriction: bool = False


UPLOAD = Form(
    ChosenFile,
    _("Check file"),
    {
        "file": Ui(
            _("Catalogue (CSV)"),
            _("Columns: kind, tag, name, description, restricted, family, products."),
            "file",
            required=True,
        )
    },
)


def _tabbed(page: Page, table: Table, tab: str) -> Answer:
    context = {"tab_items": TABS, "tab_label": _("Parts of the catalogue"), "tab": tab}
    return table_page(page, table, template="catalogue.html", context=context, help=HELP, nav="catalogue")


def licences_page(page: Page) -> Answer:
    """The licences."""
    return _tabbed(page, LICENCES, "licences")


def products_page(page: Page) -> Answer:
    """The products."""
    return _tabbed(page, PRODUCTS, "products")


def find_licence(page: Page) -> dict[str, Any]:
    """The licence of the address; UnknownEntitlementError."""
    return actions.show_entitlement(page.unit, page.parts["tag"])


def licence_page(page: Page) -> Answer:
    """One licence, and who owns it."""
    one = page.thing
    return Shown(
        "catalogue-licence", one["name"], "catalogue_licence.html", {"one": one, "most": actions.MOST_ACCOUNTS},
        crumbs=UP, nav="catalogue", help=HELP,
    )  # fmt: skip


def import_page(page: Page) -> Answer:
    """Choose a file."""
    view = UPLOAD.view(page, IMPORT, cancel=PATH)
    intro = _(
        "A line replaces the entry of its kind and tag; entries without a line stay. The next page shows every line."
    )
    return Shown(
        "catalogue-import", _("Import a catalogue"), "form_page.html", {"view": view, "intro": intro},
        crumbs=UP, nav="catalogue", help=HELP,
    )  # fmt: skip


def check(page: Page) -> Answer:
    """Every line with its verdict; nothing is changed."""
    return _checked(page, carried_file(page))


def check_again(page: Page) -> Answer:
    """The same, after an import that was refused."""
    return _checked(page, unpacked(page.sent.get("content", "")))


def _checked(page: Page, data: bytes) -> Shown:
    found = actions.preview_catalogue(page.unit, data)
    facts = (
        (_("New"), found["added"]),
        (_("Changed"), found["changed"]),
        (_("Unchanged"), len(found["rows"]) - found["faults"] - found["added"] - found["changed"]),
        *(((_("Note"), "; ".join(found["warnings"])),) if found["warnings"] else ()),
    )
    words = _("Change the restriction of licences that devices use: those that become restricted stop until a grant.")
    confirm = ("change_restriction", words) if found["in_use"] else None
    command = "central catalogue import FILE --preview\ncentral catalogue import FILE"
    crumbs = (*UP, (_("Import a catalogue"), IMPORT))
    return CHECK.shown(page, data, found, facts, crumbs=crumbs, command=command, confirm=confirm)


def take(page: Page) -> Answer:
    """Import a file that was shown; it is judged once more."""
    read = cast("CheckedCatalogue", page.read)
    found = actions.import_catalogue(page.unit, unpacked(read.content), change_restriction=read.change_restriction)
    return Moved(
        PATH, _("Catalogue imported: {added} new, {changed} changed.", added=found["added"], changed=found["changed"])
    )


URLS = (
    Url("GET", PATH, licences_page, MANAGE, "C3.3", table=LICENCES),
    Url("GET", PRODUCTS_PATH, products_page, MANAGE, "C3.3", table=PRODUCTS),
    Url("GET", f"{PATH}/licences/{{tag}}", licence_page, MANAGE, "C3.3", load=find_licence),
    Url("GET", IMPORT, import_page, MANAGE, "C3.3"),
    Url("POST", IMPORT, check, MANAGE, "C3.3", form=ChosenFile, most_bytes=MOST_BYTES),
    Url(
        "POST", f"{IMPORT}/apply", take, MANAGE, "C3.3", form=CheckedCatalogue, again=check_again,
        most_bytes=MOST_FORM_BYTES,
    ),
)  # fmt: skip
