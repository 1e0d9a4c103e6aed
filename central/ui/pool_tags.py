"""The tags of an account's virtual accounts: which there are, and their names (row C1.2)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel, Field

from central.actions import virtual_accounts as actions
from central.ui.virtual_accounts import EDIT
from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Item, Rows, Table, Wanted, from_list
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

TAGS_PATH = "/a/{domain}/va-tags"


class Renamed(BaseModel):
    """The new name of a tag."""

    name: str = Field(max_length=64)


RENAME = Form(Renamed, _("Rename"), {"name": Ui(_("Name"))})


def _list(page: Page) -> list[dict[str, Any]]:
    domain = page.parts["domain"]
    return [
        {**one, "domain": domain, "count": len(one["virtual_accounts"])} for one in actions.list_tags(page.unit, domain)
    ]


def tag_rows(page: Page, wanted: Wanted) -> Rows:
    """The tags."""
    return from_list(TAGS, _list(page), wanted)


def _rename(item: Item) -> str:
    return f"/a/{item['domain']}/va-tags/{quote(item['id'], safe='')}/rename"


TAGS = Table(
    "pool-tags",
    _("Tags of virtual accounts"),
    TAGS_PATH,
    (
        Column("name", _("Tag"), sort=True, fixed=True, phone=True),
        Figure(
            "count", _("Virtual accounts"), sort=True, link=lambda one: f"/a/{one['domain']}/va?q={quote(one['name'])}"
        ),
        Column("virtual_accounts", _("Names"), phone=True),
    ),
    tag_rows,
    sort="name",
    acts=(Act(_("Rename"), _rename, EDIT),),
    empty=Empty(_("No tags yet"), _("Each virtual account has its tags on its own page.")),
)


def list_page(page: Page) -> Answer:
    """The list."""
    crumbs = ((_("Virtual accounts"), f"/a/{page.parts['domain']}/va"),)
    return table_page(page, TAGS, crumbs=crumbs, help="central-portal#virtual-accounts", nav="virtual-accounts")


def find_tag(page: Page) -> dict[str, Any]:
    """The tag of the address; 404 where no virtual account has it."""
    found = next((one for one in _list(page) if one["id"] == page.parts["tag"]), None)
    if found is None:
        raise NotFoundError("No virtual account has this tag.")
    return found


def rename_page(page: Page) -> Answer:
    """Another name for a tag."""
    one, back = page.thing, f"/a/{page.parts['domain']}/va-tags"
    view = RENAME.view(page, _rename(one), values={"name": one["name"]}, cancel=back)
    context = {
        "view": view,
        "effect": _("It is renamed wherever it is set."),
        "command": "",
        "reasons": (),
        "back": back,
        "about": ((_("Tag"), one["name"]), (_("Virtual accounts"), ", ".join(one["virtual_accounts"]))),
    }
    return Shown(
        "pool-tag-rename",
        _("Rename tag"),
        "change.html",
        context,
        crumbs=((TAGS.title, back),),
        nav="virtual-accounts",
        help="central-portal#virtual-accounts",
    )


def rename(page: Page) -> Answer:
    """Rename it."""
    new = cast("Renamed", page.read).name
    actions.rename_tag(page.unit, page.parts["domain"], page.thing["name"], new)
    return Moved(f"/a/{page.parts['domain']}/va-tags", _("Tag renamed."))


ONE = f"{TAGS_PATH}/{{tag}}/rename"
URLS = (
    Url("GET", TAGS_PATH, list_page, SIGNED_IN, "C1.2", table=TAGS),
    Url("GET", ONE, rename_page, EDIT, "C1.2", load=find_tag),
    Url("POST", ONE, rename, EDIT, "C1.2", load=find_tag, form=Renamed, twin="rename_virtual_account_tag"),
)
