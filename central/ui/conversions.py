"""PAKs and devices with classic licences: what can be converted, and each of them by itself (rows C9.1, C9.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from central.actions import conversions as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.domain.conversions.rules import SourceKind
from central.ui.words import TYPES
from serverkit.web.answers import Answer, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
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
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

CONVERT, SETTINGS = Permission.LICENCE_CONVERT, Permission.CONVERSION_MANAGE
ROOT = "/a/{domain}/convert"
WORDS = {SourceKind.PAK: "paks", SourceKind.DEVICE: "devices"}
TITLES = {SourceKind.PAK: _("PAKs to convert"), SourceKind.DEVICE: _("Devices to convert")}
HELP, NAV = "conversion", "convert"
BY_SETTINGS = _("Some of these licences may be eligible under your settings for automatic conversion.")
BY_ADMINISTRATOR = _(
    "An administrator of the account can convert these more easily, by the settings for automatic conversion."
)
STATES = {
    "available": StateWords(_("available")),
    "in_progress": StateWords(_("conversion in progress")),
    "failed": StateWords(_("not converted"), Severity.MINOR),
}
CHECKS = {
    "not_needed": StateWords(_("not needed")),
    "passed": StateWords(_("passed")),
    "failed": StateWords(_("no contract found"), Severity.MINOR),
    "not_checked": StateWords(_("not checked yet")),
}

NOT_CHECKED = StateWords(_("contract could not be checked yet"), Severity.MINOR)


def kind_of(page: Page) -> SourceKind:
    """Whether the address is about PAKs or devices."""
    return SourceKind.DEVICE if page.url.path.startswith(f"{ROOT}/devices") else SourceKind.PAK


def list_path(item: Mapping[str, Any]) -> str:
    """The address of the list that an item is in."""
    return f"/a/{item['domain']}/convert/{WORDS[SourceKind(item['kind'])]}"


def one_path(item: Item) -> str:
    """The address of a PAK or device."""
    return f"{list_path(item)}/{item['id']}"


def convert_path(item: Item) -> str:
    """Where it is converted."""
    return f"{one_path(item)}/convert"


def skus_of(item: Item) -> str:
    """The SKUs with what is left of each."""
    return ", ".join(f"{one['sku']} ({one['quantity']})" for one in item["skus"])


def eligible_skus(item: Item) -> str:
    """The same of those that can be converted."""
    return ", ".join(f"{one['sku']} ({one['quantity']})" for one in item["skus"] if one["eligible"])


def partly(item: Item) -> tuple[str, Words] | None:
    """The mark of one that was converted in part (row C9.2)."""
    if not item["converted"]:
        return None
    said = ngettext("{count} unit was converted already.", "{count} units were converted already.", item["converted"])
    return ("info", said)


def not_eligible(item: Item) -> Words | None:
    """Why nothing of it can be converted now."""
    if item["status"] == "in_progress":
        return _("Its conversion is in progress.")
    return None if item["eligible"] else _("None of its SKUs becomes a smart licence.")


def state_of(item: Item) -> StateWords:
    """The state, with what stopped the last run."""
    if item["problem"] == "contract_missing":
        return CHECKS["failed"]
    if item["problem"] == "contract_not_checked":
        return NOT_CHECKED
    return STATES[item["status"]]


def pools(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one["id"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


def _rows(kind: SourceKind) -> Callable[[Page, Wanted], Rows]:
    def rows(page: Page, wanted: Wanted) -> Rows:
        domain = page.parts["domain"]
        return rows_of(page, lambda unit, part: actions.list_classic(unit, domain, kind, part), wanted)

    return rows


def _table(kind: SourceKind, label: Words, columns: tuple[Column, ...], search: Words, empty: Empty) -> Table:
    return Table(
        f"convert-{WORDS[kind]}",
        TITLES[kind],
        f"{ROOT}/{WORDS[kind]}",
        (
            Column("number", label, sort=True, fixed=True, phone=True, link=one_path, icon=partly),
            *columns,
            Column("virtual_account", _("Virtual account")),
            State("status", _("Status"), STATES, say=state_of, phone=True),
            Figure("remaining", _("Units left"), shown=False),
            Moment("changed_at", _("Changed"), sort=True, shown=False),
        ),
        _rows(kind),
        sort="number",
        filters=(
            Filter("q", search, "text"),
            Filter("virtual_account", _("Virtual account"), choices=pools),
            Filter("status", _("Status"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        ),
        acts=(Act(_("Convert"), convert_path, CONVERT, not_eligible),),
        empty=empty,
    )


PAKS = _table(
    SourceKind.PAK,
    _("PAK"),
    (
        Column("skus", _("SKUs"), value=skus_of, phone=True),
        Column("order_number", _("Order number")),
        Moment("ordered_at", _("Order date")),
    ),
    _("PAK, SKU, virtual account or order number"),
    Empty(
        _("No PAKs to convert"),
        _("Product activation keys (PAK) whose classic licences can become smart licences are listed here."),
    ),
)
DEVICES = _table(
    SourceKind.DEVICE,
    _("Device"),
    (
        Column("family", _("Product family")),
        Column("eligible_skus", _("Eligible SKUs"), value=eligible_skus, phone=True),
    ),
    _("Device, product family or virtual account"),
    Empty(_("No devices to convert"), _("Devices whose classic licences can become smart licences are listed here.")),
)
TABLES = {SourceKind.PAK: PAKS, SourceKind.DEVICE: DEVICES}


def tabs_of(page: Page) -> dict[str, Any]:
    """What a template needs to show the tabs of conversions."""
    root = f"/a/{page.parts['domain']}/convert"
    items = [
        ("paks", _("PAKs"), f"{root}/paks"),
        ("devices", _("Devices"), f"{root}/devices"),
        ("requests", _("Requests"), f"{root}/requests"),
    ]
    if page.may(SETTINGS):
        items.append(("settings", _("Settings"), f"{root}/settings"))
    return {"tab_items": items, "tab_label": _("Conversion")}


def list_page(page: Page) -> Answer:
    """The list, with the time at which it came last."""
    kind = kind_of(page)
    context = {
        "tab": WORDS[kind],
        "listed_at": actions.show_list(page.unit, page.parts["domain"], kind)["listed_at"],
        "root": f"/a/{page.parts['domain']}/convert/{WORDS[kind]}",
        "hint": BY_SETTINGS if page.may(SETTINGS) else BY_ADMINISTRATOR,
        **tabs_of(page),
    }
    return table_page(page, TABLES[kind], template="convert_list.html", context=context, help=HELP, nav=NAV)


def find_source(page: Page) -> dict[str, Any]:
    """The PAK or device of the address; UnknownClassicSourceError."""
    return actions.show_classic(page.unit, page.parts["domain"], kind_of(page), page.parts["id"])


def source_page(page: Page) -> Answer:
    """One PAK or device with its licences."""
    one = page.thing
    context = {
        "one": one,
        "path": convert_path(one),
        "checks": CHECKS,
        "types": TYPES,
        "state": state_of(one),
        "not_now": not_eligible(one),
        "partly": (partly(one) or ("", ""))[1],
    }
    crumbs = ((TITLES[kind_of(page)], list_path(one)),)
    name = "convert-pak" if kind_of(page) is SourceKind.PAK else "convert-device"
    return Shown(name, one["number"], "convert_source.html", context, crumbs=crumbs, help=HELP, nav=NAV)


URLS = tuple(
    url
    for kind, row in ((SourceKind.PAK, "C9.1"), (SourceKind.DEVICE, "C9.3"))
    for url in (
        Url("GET", f"{ROOT}/{WORDS[kind]}", list_page, SIGNED_IN, row, table=TABLES[kind]),
        Url("GET", f"{ROOT}/{WORDS[kind]}/{{id}}", source_page, Permission.VIRTUAL_ACCOUNT_VIEW, row, load=find_source),
    )
)
