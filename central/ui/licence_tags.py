"""Tags on licences: adding and removing them, and Manage Tags of a virtual account (row C3.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import licence_tags as actions
from central.actions.lots import shows_lots
from central.actions.virtual_accounts import find_place
from central.domain.access.rules import ALL_POOLS, Permission
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Filter, Item, Rows, Table, Wanted, from_list
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

TAG, LOOK = Permission.LICENCE_TAG, Permission.VIRTUAL_ACCOUNT_VIEW
TAGS_PATH = f"{POOL}/licence-tags"


class Tags(BaseModel):
    """Tags, separated by commas or lines."""

    tags: list[str] = Field(default=[], max_length=20)


class Renamed(BaseModel):
    """The new name of a tag."""

    name: str = Field(max_length=64)


ADD = Form(
    Tags,
    _("Add tags"),
    {
        "tags": Ui(
            _("Tags"), _("Separated by commas; capitals make no difference. A new name makes a new tag."), kind="tags"
        )
    },
)
REMOVE = Form(Tags, _("Remove tags"), {"tags": Ui(_("Tags"), _("The tags that go, separated by commas."), kind="tags")})
RENAME = Form(Renamed, _("Rename"), {"name": Ui(_("Name"))})
FILTER = Filter("tags", _("All of these tags"), "tags", choices=lambda page: [*known_tags(page)])


def known_tags(page: Page) -> list[Choice]:
    """The tags of the virtual account of the address, or of all, to choose from."""
    name = None
    if page.parts["number"] != ALL_POOLS:
        name = find_place(page.unit, page.parts["domain"], page.parts["number"])["name"]
    rows = actions.list_licence_tags(page.unit, page.parts["domain"], name)
    return [Choice(one, one) for one in dict.fromkeys(row["name"] for row in rows)]


def tags_of(read: Any) -> list[str]:
    """The tags that the form names; none before it is filled."""
    return cast("Tags", read).tags if read is not None else []


def judge_add(_page: Page, items: Sequence[Item], read: Any) -> list[Judged]:
    """What each row gets."""
    words = ", ".join(tags_of(read))
    effect: Words = _("gets {tags}", tags=words) if words else ""
    return [Judged(one["id"], one["name"], None, effect) for one in items]


def judge_remove(_page: Page, items: Sequence[Item], read: Any) -> list[Judged]:
    """What each row loses: only tags that it has."""
    gone = {tag.casefold() for tag in tags_of(read)}
    found = []
    for one in items:
        lost = [tag for tag in one["tags"] if tag.casefold() in gone]
        if not one["tags"]:
            found.append(Judged(one["id"], one["name"], _("It has no tags.")))
        elif gone and not lost:
            found.append(Judged(one["id"], one["name"], _("It has none of these tags.")))
        else:
            effect: Words = _("loses {tags}", tags=", ".join(lost)) if lost else ", ".join(one["tags"])
            found.append(Judged(one["id"], one["name"], None, effect))
    return found


def tag_bulk(act: Callable[[Page, Item, list[str], str], None], kind: str) -> tuple[Bulk, Bulk]:
    """The two changes of many rows; `act` changes one, `kind` says whether they are licences or lots."""

    def add(page: Page, item: Item, read: Any) -> Words:
        act(page, item, tags_of(read), "set")
        return _("tagged")

    def remove(page: Page, item: Item, read: Any) -> Words:
        lost = [tag for tag in item["tags"] if tag.casefold() in {one.casefold() for one in tags_of(read)}]
        act(page, item, lost, "remove")
        return _("tags removed")

    def choices(page: Page) -> dict[str, Any]:
        return {"tags": known_tags(page)}

    def set_on(page: Page, keys: Sequence[str]) -> dict[str, Any]:
        names = actions.list_tags_on(page.unit, page.parts["domain"], page.parts["number"], **{kind: keys})
        return {"tags": [Choice(one, one) for one in names]}

    return (
        Bulk("tag", _("Add tags"), TAG, judge_add, add, "C3.7", form=ADD, choices=choices),
        Bulk("untag", _("Remove tags"), TAG, judge_remove, remove, "C3.7", form=REMOVE, choices_of=set_on),
    )


def tag_one_licence(page: Page, item: Item, tags: list[str], verb: str) -> None:
    """Change the tags of one licence."""
    place = page.parts["domain"], item["virtual_account"]
    actions.tag_licences(page.unit, *place, tags, [item["tag"]], remove=verb == "remove")


def tag_rows(page: Page, wanted: Wanted) -> Rows:
    """The tags of the virtual account."""
    pool = find_pool(page)
    rows = actions.list_licence_tags(page.unit, pool["domain"], pool["name"])
    return from_list(MANAGE, [{**one, "domain": pool["domain"], "number": pool["number"]} for one in rows], wanted)


def _at(item: Item, rest: str) -> str:
    return f"/a/{item['domain']}/va/{item['number']}/{rest}"


def _filtered(item: Item, rest: str) -> str:
    return f"{_at(item, rest)}?{urlencode({'tags': item['name']})}"


def sees_lots(page: Page) -> bool:
    """Whether the inventory shows its lots, and so their tags (row C3.4)."""
    return shows_lots(page.unit, page.parts["domain"])


MANAGE = Table(
    "licence-tags",
    _("Tags on licences"),
    TAGS_PATH,
    (
        Column("name", _("Tag"), sort=True, fixed=True, phone=True),
        Figure("licences", _("Licences"), sort=True, phone=True, link=lambda one: _filtered(one, "licences")),
        Figure("lots", _("Lots"), sort=True, phone=True, link=lambda one: _filtered(one, "lots"), offered=sees_lots),
    ),
    tag_rows,
    sort="name",
    filters=(Filter("q", _("Tag"), "text", on=("name",)),),
    acts=(
        Act(_("Rename"), lambda one: _at(one, f"licence-tags/{one['id']}/rename"), TAG),
        Act(_("Delete"), lambda one: _at(one, f"licence-tags/{one['id']}/delete"), TAG, danger=True),
    ),
    empty=Empty(_("No tags yet"), _("Choose licences in the list, and add tags to them.")),
)


def manage_page(page: Page) -> Answer:
    """Every tag of the virtual account, with what has it."""
    context = {"tab": "licences", **pool_tabs(page.parts)}
    title = _("Tags on licences of {name}", name=page.thing["name"])
    return table_page(
        page,
        MANAGE,
        template="tabbed.html",
        context=context,
        title=title,
        crumbs=_crumbs(page),
        help="central-portal#tags",
        nav="virtual-accounts",
    )


def _crumbs(page: Page) -> tuple[tuple[Words, str], ...]:
    return ((_("Licences"), f"/a/{page.parts['domain']}/va/{page.parts['number']}/licences"),)


def find_tag(page: Page) -> dict[str, Any]:
    """The tag of the address; UnknownLicenceTagError."""
    pool = find_pool(page)
    found = actions.find_licence_tag(page.unit, pool["domain"], pool["name"], page.parts["id"])
    return {**found, "domain": pool["domain"], "number": pool["number"]}


def present(page: Page) -> dict[str, Any]:
    """The name as it is now."""
    return {"name": page.thing["name"]}


def rename_page(page: Page) -> Answer:
    """Another name for a tag."""
    one = page.thing
    path = _at(one, "licence-tags")
    view = RENAME.view(page, f"{path}/{one['id']}/rename", current=present(page), cancel=path)
    return _change_page(page, "rename", _("Rename tag"), view, _("It is renamed wherever it is set."))


def delete_page(page: Page) -> Answer:
    """Say what loses it."""
    one = page.thing
    path = _at(one, "licence-tags")
    view = Form(BaseModel, _("Delete tag")).view(
        page, f"{path}/{one['id']}/delete", cancel=path, cancel_words=_("Keep it"), danger=True
    )
    effect = _(
        "{name} goes from all licences and lots that have it: {licences} and {lots}.",
        name=one["name"],
        licences=one["licences"],
        lots=one["lots"],
    )
    return _change_page(page, "delete", _("Delete tag"), view, effect)


def _change_page(page: Page, verb: str, title: Words, view: Any, effect: Words) -> Shown:
    one = page.thing
    context = {
        "view": view,
        "effect": effect,
        "command": "",
        "reasons": (),
        "back": _at(one, "licence-tags"),
        "about": ((_("Tag"), one["name"]), (_("Virtual account"), one["virtual_account"])),
    }
    return Shown(
        f"licence-tag-{verb}",
        title,
        "change.html",
        context,
        crumbs=(*_crumbs(page), (MANAGE.title, _at(one, "licence-tags"))),
        nav="virtual-accounts",
        help="central-portal#tags",
    )


def rename(page: Page) -> Answer:
    """Rename it."""
    one = page.thing
    new = cast("Renamed", page.read).name
    actions.rename_licence_tag(page.unit, one["domain"], one["virtual_account"], one["id"], new)
    return Moved(_at(one, "licence-tags"), _("Tag renamed."))


def delete(page: Page) -> Answer:
    """Delete it."""
    one = page.thing
    actions.delete_licence_tag(page.unit, one["domain"], one["virtual_account"], one["id"])
    return Moved(_at(one, "licence-tags"), _("Tag deleted."))


ONE = f"{TAGS_PATH}/{{id}}"
URLS = (
    Url("GET", TAGS_PATH, manage_page, LOOK, "C3.7", load=find_pool, table=MANAGE),
    Url("GET", f"{ONE}/rename", rename_page, TAG, "C3.7", load=find_tag),
    Url(
        "POST",
        f"{ONE}/rename",
        rename,
        TAG,
        "C3.7",
        load=find_tag,
        form=Renamed,
        twin="rename_licence_tag",
        current=present,
    ),
    Url("GET", f"{ONE}/delete", delete_page, TAG, "C3.7", load=find_tag),
    Url("POST", f"{ONE}/delete", delete, TAG, "C3.7", load=find_tag, twin="delete_licence_tag", grade=Grade.DIALOG),
)
