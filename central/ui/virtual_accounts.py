"""Virtual accounts of an account: list, make, edit, default, tags, delete (rows C1.2, C1.3)."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import virtual_accounts as actions
from central.domain.access.rules import Permission
from central.ui.frame import general, marks
from central.ui.tabs import inventory_tabs
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Item, Rows, Table, Wanted, from_list
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Grade, Url

MANAGE, EDIT, LOOK = (
    Permission.VIRTUAL_ACCOUNT_MANAGE,
    Permission.VIRTUAL_ACCOUNT_EDIT,
    Permission.VIRTUAL_ACCOUNT_VIEW,
)
PATH, POOL = "/a/{domain}/va", "/a/{domain}/va/{number}"


def pool_rows(page: Page, wanted: Wanted) -> Rows:
    """The virtual accounts; the text is the beginning of a name or of a tag."""
    found = actions.list_places(page.unit, page.parts["domain"], wanted.filters.get("q", ""))
    return from_list(POOLS, found, wanted)


def at(item: Item, verb: str) -> str:
    """The address of something about a virtual account."""
    return f"/a/{item['domain']}/va/{item['number']}/{verb}"


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: at(one, verb)


def _if(permission: Permission) -> Callable[[Item], bool]:
    return lambda one: permission in one["may"]


def satellite_sign(item: Item) -> tuple[str, Words] | None:
    """The sign of a virtual account that a satellite manages (row C1.3)."""
    return ("satellite", _("Satellite")) if item["satellite"] else None


def not_default(item: Item) -> Words | None:
    """Why a virtual account does not become the default one."""
    if item["default"]:
        return _("It is the default one.")
    return _("It belongs to a satellite.") if item["satellite"] else None


POOLS = Table(
    "virtual-accounts",
    _("Virtual accounts"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True, link=general, sub=marks, icon=satellite_sign),
        Column("description", _("Description"), phone=True),
        Column("tags", _("Tags"), phone=True),
        Column("satellite_name", _("Satellite"), sort=True),
        Column("number", _("Number"), sort=True, shown=False),
    ),
    pool_rows,
    sort="name",
    filters=(Filter("q", _("Name or tag begins with"), "text", test=lambda _one, _value: True),),
    acts=(
        Act(_("Edit"), _act("edit"), EDIT, fits=_if(EDIT)),
        Act(_("Tags"), _act("tags"), EDIT, fits=_if(EDIT)),
        Act(_("Make default"), _act("default"), MANAGE, not_default, fits=_if(MANAGE)),
        Act(_("Delete"), _act("delete"), MANAGE, fits=_if(MANAGE), danger=True),
    ),
    empty=Empty(_("No virtual accounts"), _("You see the virtual accounts in which you have a role.")),
)


class NewPool(BaseModel):
    """A virtual account to be made."""

    name: str = Field(max_length=255)
    description: str = Field(default="", max_length=1024)
    default: bool = False


class Description(BaseModel):
    """What its own administrator changes."""

    description: str = Field(default="", max_length=1024)


class Named(BaseModel):
    """What an administrator of the account changes."""

    name: str | None = Field(default=None, max_length=255)
    description: str = Field(default="", max_length=1024)


class Tags(BaseModel):
    """All tags, separated by commas or lines."""

    tags: list[str] = Field(default=[], max_length=100)


_NAME, _DESCRIPTION = Ui(_("Name"), required=True), Ui(_("Description"), _("Such as a building or a team."))
MAKE = Form(
    NewPool,
    _("Make virtual account"),
    {"name": _NAME, "description": _DESCRIPTION, "default": Ui(_("Make it the default one"))},
)
DESCRIBE = Form(Description, _("Save"), {"description": _DESCRIPTION})
RENAME = Form(Named, _("Save"), {"name": _NAME, "description": _DESCRIPTION})
TAG = Form(
    Tags,
    _("Save"),
    {"tags": Ui(_("Tags"), _("Separated by commas; capitals make no difference. What is taken out goes."))},
)


def list_page(page: Page) -> Answer:
    """The list."""
    context = {"tab": "virtual-accounts", **inventory_tabs(page.parts)}
    return table_page(
        page, POOLS, template="virtual_accounts.html", context=context, help="central-portal#virtual-accounts"
    )


def find_pool(page: Page) -> dict[str, Any]:
    """The virtual account of the address; UnknownVirtualAccountError."""
    return actions.find_place(page.unit, page.parts["domain"], page.parts["number"])


def new_page(page: Page) -> Answer:
    """The form of a new one."""
    root = f"/a/{page.parts['domain']}"
    context = {"view": MAKE.view(page, f"{root}/va/new", cancel=f"{root}/va")}
    crumbs = ((POOLS.title, f"{root}/va"),)
    title = _("New virtual account")
    return Shown(
        "virtual-account-new",
        title,
        "form_page.html",
        context,
        crumbs=crumbs,
        nav="virtual-accounts",
        help="central-portal#virtual-accounts",
    )


def make(page: Page) -> Answer:
    """Make one."""
    read, domain = cast("NewPool", page.read), page.parts["domain"]
    made = actions.create_virtual_account(page.unit, domain, read.name, read.description, default=read.default)
    return Moved(at({**made, "domain": domain}, "general"), _("Virtual account made."))


def present(page: Page) -> dict[str, Any]:
    """What the person may change, as it is now."""
    fields = ("name", "description") if page.may(MANAGE) else ("description",)
    return {field: page.thing[field] for field in fields}


def edit_page(page: Page) -> Answer:
    """Name and description, or the description alone for its own administrator."""
    form = RENAME if page.may(MANAGE) else DESCRIBE
    view = form.view(page, at(page.thing, "edit"), current=present(page), cancel=general(page.thing))
    return _shown(page, "edit", _("Edit virtual account"), view)


def rename(page: Page) -> Answer:
    """Change what the person may; the name stays where it was not sent."""
    pool, read = page.thing, cast("Named", page.read)
    if page.may(MANAGE) and read.name is None:
        raise InvalidFormError({"name": _("Fill this in.")})
    name = read.name if page.may(MANAGE) else None
    actions.change_virtual_account(page.unit, pool["domain"], pool["name"], name, read.description)
    return Moved(general(pool), _("Virtual account changed."))


def tags_page(page: Page) -> Answer:
    """All tags in one field."""
    values = {"tags": ", ".join(page.thing["tags"])}
    view = TAG.view(page, at(page.thing, "tags"), values=values, cancel=general(page.thing))
    return _shown(page, "tags", _("Tags of the virtual account"), view)


def change_tags(page: Page) -> Answer:
    """Set what is new and take off what is gone."""
    pool, wanted = page.thing, cast("Tags", page.read).tags
    kept = {one.casefold() for one in wanted}
    gone = [one for one in pool["tags"] if one.casefold() not in kept]
    actions.change_tags(page.unit, pool["domain"], pool["name"], wanted, gone)
    return Moved(general(pool), _("Tags changed."))


def default_page(page: Page) -> Answer:
    """Say what the default one is for."""
    view = Form(BaseModel, _("Make default")).view(page, at(page.thing, "default"), cancel=general(page.thing))
    effect = _("New licences and devices that name no virtual account land in {name}.", name=page.thing["name"])
    return _shown(page, "default", _("Make default"), view, effect=effect, command="central virtual-account default")


def make_default(page: Page) -> Answer:
    """Move the star."""
    pool = page.thing
    actions.make_default(page.unit, pool["domain"], pool["name"])
    return Moved(general(pool), _("{name} is the default virtual account.", name=pool["name"]))


def delete_page(page: Page) -> Answer:
    """Say what goes with it, or every reason why it stays."""
    pool = page.thing
    judged = actions.judge_deletion(page.unit, pool["domain"], pool["name"])
    view = Form(BaseModel, _("Delete virtual account")).view(
        page, at(pool, "delete"), cancel=general(pool), cancel_words=_("Keep it"), danger=True
    )
    effect = _("{name} goes, with its roles, its tags and its ended tokens. It cannot be restored.", name=pool["name"])
    refused = [Refusal.of(one) for one in judged.reasons]
    return _shown(page, "delete", _("Delete virtual account"), view, effect=effect, reasons=refused)


def delete(page: Page) -> Answer:
    """Delete it."""
    pool = page.thing
    actions.delete_virtual_account(page.unit, pool["domain"], pool["name"])
    return Moved(f"/a/{pool['domain']}/va", _("Virtual account deleted."))


def _shown(page: Page, verb: str, title: Words, view: FormView, **more: Any) -> Shown:
    pool = page.thing
    about = ((_("Virtual account"), pool["name"]),)
    context = {"view": view, "effect": "", "command": "", "reasons": (), "back": general(pool), "about": about, **more}
    if context["command"]:
        context["command"] += f" {shlex.join([pool['domain'], pool['name']])}"
    return Shown(
        f"virtual-account-{verb}",
        title,
        "change.html",
        context,
        nav="virtual-accounts",
        help="central-portal#virtual-accounts",
    )


def _both(verb: str, show: Any, do: Any, permission: Any, twin: str, **more: Any) -> list[Url]:
    path = f"{POOL}/{verb}"
    return [
        Url("GET", path, show, permission, "C1.2", load=find_pool),
        Url("POST", path, do, permission, "C1.2", load=find_pool, twin=twin, **more),
    ]


URLS = (
    Url("GET", PATH, list_page, SIGNED_IN, "C1.2", table=POOLS),
    Url("GET", f"{PATH}/new", new_page, MANAGE, "C1.2"),
    Url("POST", f"{PATH}/new", make, MANAGE, "C1.2", form=NewPool, twin="create_virtual_account"),
    *_both("edit", edit_page, rename, EDIT, "change_virtual_account", form=Named, current=present),
    *_both("tags", tags_page, change_tags, EDIT, "tag_virtual_account", form=Tags),
    *_both("default", default_page, make_default, MANAGE, "make_default"),
    *_both("delete", delete_page, delete, MANAGE, "delete_virtual_account", grade=Grade.DIALOG),
)
