"""Automatic conversion: its settings, and all at once by them (row C9.4)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from central.actions import conversion_runs as actions
from central.actions.accounts import show_account
from central.actions.virtual_accounts import list_places
from central.domain.conversions.rules import SourceKind
from central.ui.conversions import HELP, NAV, ROOT, SETTINGS, TITLES, WORDS, kind_of, tabs_of
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.formats import number
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Grade, Url

PATH = f"{ROOT}/settings"


class Settings(BaseModel):
    """What is converted by itself, of PAKs or of devices."""

    kind: Literal["pak", "device"]
    enabled: bool = False
    pools: Literal["all", "selected"] = "all"
    pool: list[str] = []
    products: Literal["all", "selected"] = "all"
    product: list[str] = []


def settings_page(page: Page) -> Answer:
    """Both settings, each with its own form."""
    domain = page.parts["domain"]
    names = [(str(one["number"]), one["name"]) for one in list_places(page.unit, domain)]
    forms = [_form(page, kind, dict(names)) for kind in SourceKind]
    context = {"tab": "settings", "forms": forms, "path": f"/a/{domain}/convert/settings", **tabs_of(page)}
    title = _("Automatic conversion")
    return Shown(
        "convert-settings", title, "convert_settings.html", context, help=f"{HELP}#automatic-conversion", nav=NAV
    )


def _form(page: Page, kind: SourceKind, names: dict[str, str]) -> dict[str, Any]:
    found = actions.show_settings(page.unit, page.parts["domain"], kind)
    typed = page.typed if page.typed is not None and page.typed.get("kind") == kind else None
    chosen = found["virtual_accounts"] if typed is None else [names.get(one, "") for one in typed.getlist("pool")]
    products = found["products"] if typed is None else typed.getlist("product")
    return {
        "kind": str(kind),
        "title": _("PAKs") if kind is SourceKind.PAK else _("Devices"),
        "label": _("Convert PAKs when they are assigned to the account")
        if kind is SourceKind.PAK
        else _("Convert licences of devices when they are assigned to the account"),
        "enabled": found["enabled"] if typed is None else "enabled" in typed,
        "pools": ("selected" if chosen else "all") if typed is None else typed.get("pools", "all"),
        "pool": [(number_, name, name in chosen) for number_, name in names.items()],
        "products": ("selected" if products else "all") if typed is None else typed.get("products", "all"),
        "product": [(family, family in products) for family in found["families"]],
    }


def save(page: Page) -> Answer:
    """Save one of them."""
    read: Any = page.read
    domain, sent = page.parts["domain"], page.sent
    names = {str(one["number"]): one["name"] for one in list_places(page.unit, domain)}
    pools = [names[one] for one in sent.getlist("pool") if one in names] if read.pools == "selected" else []
    products = sent.getlist("product") if read.products == "selected" else []
    missing = {}
    if read.pools == "selected" and not pools:
        missing["pool"] = _("Choose at least one virtual account.")
    if read.products == "selected" and not products:
        missing["product"] = _("Choose at least one product.")
    if missing:
        raise InvalidFormError(missing)
    kind = SourceKind(read.kind)
    actions.change_settings(
        page.unit, domain, kind, enabled=read.enabled, virtual_account_names=pools, products=products
    )
    return Moved(
        f"/a/{domain}/convert/settings", _("Saved. It holds for what is assigned from now on, and for Convert now.")
    )


def find_account(page: Page) -> dict[str, Any]:
    """The account; UnknownAccountError."""
    return show_account(page.unit, page.parts["domain"])


def now_page(page: Page) -> Answer:
    """What would be converted, and that nothing brings it back here; where nothing is eligible, why, and no form."""
    kind, domain = kind_of(page), page.parts["domain"]
    root = f"/a/{domain}/convert/{WORDS[kind]}"
    found = actions.preview_run(page.unit, domain, kind)
    name, title, crumbs = f"convert-{WORDS[kind]}-now", _("Convert now"), ((TITLES[kind], root),)
    if not found["quantity"] and not found["unchecked"]:
        context = {"failing": found["failing"], "settings": f"/a/{domain}/convert/settings", "back": root}
        return Shown(name, title, "convert_nothing.html", context, crumbs=crumbs, help=HELP, nav=NAV)
    view = Form(BaseModel, _("Convert now")).view(
        page, f"{root}/now", cancel=root, danger=True, typed_name=page.thing["name"]
    )
    effect = _(
        "What is eligible under your settings is converted now. It leaves these lists and appears in the inventory of its own virtual account. It cannot be undone here: the vendor's support reverts it."
    )
    about = [
        (TITLES[kind], number(found["sources"])),
        (_("Units"), number(found["quantity"])),
        *([(_("SKUs without a contract"), number(found["failing"]))] if found["failing"] else []),
        *([(_("SKUs whose contract is looked up first"), number(found["unchecked"]))] if found["unchecked"] else []),
    ]
    context = {"view": view, "effect": effect, "effects": (), "about": about}
    return Shown(name, title, "confirm.html", context, crumbs=crumbs, help=HELP, nav=NAV)


def begin(page: Page) -> Answer:
    """Take up what is eligible."""
    kind, domain = kind_of(page), page.parts["domain"]
    found = actions.begin_run(page.unit, domain, kind)
    said = _("Conversion in progress: {count}.", count=found["sources"])
    return Moved(f"/a/{domain}/convert/{WORDS[kind]}", said if found["sources"] else _("Nothing is eligible."))


def name_of(page: Page) -> str:
    """What is typed to convert all."""
    return str(page.thing["name"])


URLS = (
    Url("GET", PATH, settings_page, SETTINGS, "C9.4"),
    Url("POST", PATH, save, SETTINGS, "C9.4", form=Settings),
    *(
        url
        for kind in SourceKind
        for url in (
            Url("GET", f"{ROOT}/{WORDS[kind]}/now", now_page, SETTINGS, "C9.4", load=find_account, fresh=True),
            Url(
                "POST", f"{ROOT}/{WORDS[kind]}/now", begin, SETTINGS, "C9.4", load=find_account, grade=Grade.TYPED,
                fresh=True, names=name_of,
            ),
        )
    ),
)  # fmt: skip
