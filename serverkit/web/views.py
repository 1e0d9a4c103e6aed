"""Saved views of tables: filters, order, columns and density under a name, kept per user.

The address stays the state: a view is a link. The view that a person has a list opened with is where the bare address of
the list leads; an address that says anything itself is never changed. What a table no longer has is left out of a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, Field
from werkzeug.datastructures import MultiDict

from serverkit.errors import NotFoundError
from serverkit.names import check_name
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import TooManyViewsError
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.security import WRITTEN, local_path
from serverkit.web.tables import USUAL_VIEW, Table, Wanted
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

MOST_VIEWS, MOST_QUERY = 20, 2000


@dataclass(frozen=True, slots=True)
class View:
    """A saved view; `query` is what its address says after the question mark."""

    name: str
    query: str
    default: bool = False


class NewView(BaseModel):
    """A view to be saved."""

    name: str = Field(min_length=1, max_length=60)
    path: str = Field(max_length=300)
    query: str = Field(default="", max_length=MOST_QUERY, pattern=WRITTEN)
    default: bool = False


class Named(BaseModel):
    """A view that is meant; without a name what is usual."""

    name: str = Field(default="", max_length=60)


NEW = Form(
    NewView,
    _("Save view"),
    {
        "name": Ui(_("Name"), _("A view of yours with this name is replaced.")),
        "path": Ui(kind="hidden"),
        "query": Ui(kind="hidden"),
        "default": Ui(_("Open the list with this view")),
    },
)


def preference_of(table: str) -> str:
    """The name under which the views of a table are kept."""
    return f"views:{table}"[:64]


def views_of(page: Page, table: str) -> tuple[str, list[View]]:
    """The address of the table, and the views that the person saved of it."""
    kept = page.preferences.get(preference_of(table)) or {}
    return str(kept.get("path", "")), [View(**one) for one in kept.get("views", ())]


def default_of(page: Page, table: Table) -> str | None:
    """What the bare address of a table leads to; None where it shows what is usual."""
    _path, views = views_of(page, table.name)
    found = next((one for one in views if one.default), None)
    query = _plain(table, found.query) if found is not None else ""
    return query if query and query != f"?view={USUAL_VIEW}" else None


def offered(page: Page, table: Table, wanted: Wanted) -> dict[str, Any]:
    """What the menu of views shows: each with its address, whether it is what is shown, and how to save what is shown."""
    _path, views = views_of(page, table.name)
    usual = f"?view={USUAL_VIEW}"
    now = table.state(replace(wanted, after=None, before=None)) or usual
    shown = [(one, table.path + _plain(table, one.query), _plain(table, one.query) == now) for one in views]
    saving = urlencode({"path": table.path, "query": now.removeprefix("?")})
    plain = now in {"", usual}
    return {
        "views": shown,
        "usual": table.path + (usual if any(one.default for one in views) else ""),
        "is_usual": plain,
        "save": f"/views/{table.name}/new?{saving}",
        "change": f"/views/{table.name}",
    }


def _plain(table: Table, query: str) -> str:
    """A query with what of it the table has today."""
    asked = MultiDict(parse_qsl(query))
    return table.state(replace(table.wanted(asked), after=None, before=None)) or f"?view={USUAL_VIEW}"


def new_page(page: Page) -> Answer:
    """Name what is shown."""
    asked = {"path": page.query.get("path", ""), "query": page.query.get("query", "")[:MOST_QUERY]}
    path = _table_path(page, page.sent.get("path") or asked["path"])
    view = NEW.view(page, f"/views/{page.parts['table']}/new", values=asked, cancel=path)
    context = {"view": view, "effect": _("Filters, order, columns and density are kept, for you only."), "effects": ()}
    return Shown("view-new", _("Save this view"), "confirm.html", {**context, "about": ()}, help="portal#lists")


def save(page: Page) -> Answer:
    """Save it; one of the same name is replaced."""
    read, table = cast("NewView", page.read), page.parts["table"]
    check_name("name", read.name)
    path = _table_path(page, read.path)
    _old, views = views_of(page, table)
    views = [one for one in views if one.name.casefold() != read.name.casefold()]
    if len(views) >= MOST_VIEWS:
        raise TooManyViewsError(most=MOST_VIEWS)
    views = [replace(one, default=one.default and not read.default) for one in views]
    made = View(read.name, read.query, read.default)
    _keep(page, table, path, sorted([*views, made], key=lambda one: one.name.casefold()))
    return Moved(f"{path}?{read.query}" if read.query else path, _("View “{name}” saved.", name=read.name))


def list_page(page: Page) -> Answer:
    """The views of a table, to be removed or opened by default."""
    path, views = page.thing
    context = {"views": views, "path": path, "table": page.parts["table"]}
    return Shown("views", _("Your views of this list"), "views.html", context, help="portal#lists")


def find_views(page: Page) -> tuple[str, Sequence[View]]:
    """The views of the table of the address; NotFoundError where the person saved none."""
    path, views = views_of(page, page.parts["table"])
    if not views:
        raise NotFoundError("You saved no view of this list.")
    return path, views


def remove(page: Page) -> Answer:
    """Remove a view."""
    (path, views), name = page.thing, cast("Named", page.read).name
    _check(views, name)
    left = [one for one in views if one.name != name]
    table = page.parts["table"]
    _keep(page, table, path, left)
    return Moved(f"/views/{table}" if left else path, _("View “{name}” removed.", name=name))


def set_default(page: Page) -> Answer:
    """Choose the view that the list opens with; none for the usual one."""
    (path, views), name = page.thing, cast("Named", page.read).name
    if name:
        _check(views, name)
    _keep(page, page.parts["table"], path, [replace(one, default=one.name == name) for one in views])
    said = _("The list opens with “{name}”.", name=name) if name else _("The list opens as usual.")
    return Moved(f"/views/{page.parts['table']}", said)


def _check(views: Sequence[View], name: str) -> None:
    if name not in {one.name for one in views}:
        raise NotFoundError("You have no view of this name.")


def _keep(page: Page, table: str, path: str, views: Sequence[View]) -> None:
    kept = [{"name": one.name, "query": one.query, "default": one.default} for one in views]
    page.keep_preference(preference_of(table), {"path": path, "views": kept} if kept else None)


def _table_path(page: Page, path: str) -> str:
    """The address of a page that shows the table of this address, and that the person may open."""
    plain = local_path(path)
    shown = (one for one in page.console.urls if one.table is not None and one.table.name == page.parts["table"])
    if not any(one.leads_to(plain) for one in shown) or not page.may_open(plain):
        raise NotFoundError("There is no list at this address.")
    return plain


def view_urls(row: str) -> list[Url]:
    """The addresses of saved views."""
    base = "/views/{table}"
    return [
        Url("GET", base, list_page, SIGNED_IN, row, load=find_views),
        Url("GET", f"{base}/new", new_page, SIGNED_IN, row),
        Url("POST", f"{base}/new", save, SIGNED_IN, row, form=NewView),
        Url("POST", f"{base}/remove", remove, SIGNED_IN, row, form=Named, load=find_views, again=list_page),
        Url("POST", f"{base}/default", set_default, SIGNED_IN, row, form=Named, load=find_views, again=list_page),
    ]
