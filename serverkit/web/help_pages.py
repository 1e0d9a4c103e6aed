"""Help: the administrator's pages, from their Markdown; each code of a table can be linked to."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Shown
from serverkit.web.page import Page
from serverkit.web.render import code
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

_PAGE = re.compile(r"[a-z0-9-]{1,64}")
_LINK = re.compile(r"^([a-z0-9-]+)\.md(#.*)?$")


def help_folder() -> Path:
    """Where the pages stand: in the package, or beside it where the program runs from its source."""
    here = Path(__file__).resolve().parent
    packed = here / "help"
    return packed if packed.is_dir() else here.parents[1] / "docs" / "admin"


def release_notes() -> Path:
    """Where the release notes stand: in the package, or beside it."""
    here = Path(__file__).resolve().parent
    packed = here / "release-notes.md"
    return packed if packed.is_file() else here.parents[1] / "CHANGELOG.md"


def help_urls(row: str) -> list[Url]:
    """The addresses of the help."""
    return [
        Url("GET", "/changes", show_changes, SIGNED_IN, "C12.7"),
        Url("GET", "/help", show_help, SIGNED_IN, row),
        Url("GET", "/help/keys", show_keys, SIGNED_IN, row),
        Url("GET", "/help/{page}", show_help_page, SIGNED_IN, row),
    ]


def show_help(page: Page) -> Answer:
    """The pages that there are."""
    folder = page.console.help.path
    found = [(name, rendered(folder / f"{name}.md")[0]) for name in sorted(_names(folder))]
    return Shown("help", _("Help"), "help_index.html", {"pages": sorted(found, key=lambda one: one[1].casefold())})


def show_help_page(page: Page) -> Answer:
    """One page."""
    name, folder = page.parts["page"], page.console.help.path
    if not _PAGE.fullmatch(name) or name not in _names(folder):
        raise NotFoundError("There is no such page of the help.")
    title, body = rendered(folder / f"{name}.md")
    return Shown("help-page", title, "help.html", {"body": body}, crumbs=((_("Help"), "/help"),))


def show_changes(_page: Page) -> Answer:
    """What changed from release to release."""
    _title, body = rendered(release_notes())
    context = {"body": body}
    return Shown("changes", _("Release notes"), "help.html", context, crumbs=((_("Help"), "/help"),), help="browsers")


def show_keys(_page: Page) -> Answer:
    """The keys."""
    keys = (
        ("/", _("search")),
        ("Ctrl K", _("search and commands")),
        ("?", _("this list")),
        ("g", _("then a letter: go to a page")),
        ("j k", _("next and previous row")),
        ("x", _("select a row")),
        ("X", _("select up to this row")),
        ("Enter", _("open the row")),
        ("f", _("filter")),
        ("n p", _("next and previous page")),
        ("Esc", _("close")),
    )
    return Shown("help-keys", _("Keys"), "keys.html", {"keys": keys}, crumbs=((_("Help"), "/help"),))


def _names(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.md") if file.stem != "README"}


@cache
def rendered(file: Path) -> tuple[str, Markup]:
    """Title and body of a page."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("code_inline", _code)
    tokens = parser.parse(file.read_text(encoding="utf-8"))
    title = file.stem
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title = _words(tokens[1])
        tokens = tokens[3:]
    _prepare(tokens)
    return title, Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - HTML in the source is off


def _prepare(tokens: list[Token]) -> None:
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(_words(tokens[at + 1])))
        if token.type == "table_open":
            token.attrSet("tabindex", "0")  # a wide one is moved by keys
        if token.type == "tr_open" and (code := _first_code(tokens[at : at + 3])):
            token.attrSet("id", code)
        for child in token.children or ():
            _relink(child)
    for token in tokens:  # pictures are for readers of the files
        token.children = [one for one in token.children or () if one.type != "image"] or token.children


def _relink(child: Token) -> None:
    if child.type == "link_open":
        target = str(child.attrGet("href") or "")
        found = _LINK.match(target)
        if found:
            child.attrSet("href", f"/help/{found[1]}{found[2] or ''}")
        elif not target.startswith("#"):
            child.attrSet("href", "/help")


def _code(_renderer: Any, tokens: list[Token], at: int, *_more: Any) -> str:
    return code(tokens[at].content)


def _first_code(tokens: list[Token]) -> str:
    inline = next((one for one in tokens if one.type == "inline"), None)
    children: list[Any] = inline.children or [] if inline is not None else []
    return children[0].content if children and children[0].type == "code_inline" else ""


def _words(token: Token) -> str:
    return "".join(one.content for one in token.children or ())


def slug(text: str) -> str:
    """The anchor of a heading, as readers of the files know it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
