"""Lists of PAKs and devices that the vendor imports: chosen, shown line by line, taken over (rows C9.1, C9.3)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel

from central.actions import conversion_files as actions
from central.domain.access.rules import Permission
from central.domain.conversions.reading import READERS
from central.domain.conversions.rules import SourceKind
from central.ui.conversions import NAV, ROOT, TITLES, WORDS, kind_of
from central.ui.imports import MOST_BYTES, MOST_FORM_BYTES, Carried, Check
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.columns import Item
from serverkit.web.console import Severity
from serverkit.web.formats import number
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.tables import StateWords
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.uploads import carried_file, unpacked
from serverkit.web.urls import Url

MANAGE = Permission.ORDER_MANAGE
HELP = "conversion#lists-of-paks-and-devices"
TITLE = _("Import list")
VERDICTS = {
    "refused": StateWords(_("faulty"), Severity.MAJOR),
    "warning": StateWords(_("odd"), Severity.MINOR),
    "taken": StateWords(_("is taken over")),
}


class ChosenList(BaseModel):
    """A file with a list."""

    file: str = ""


UPLOAD = Form(
    ChosenList,
    _("Check file"),
    {
        "file": Ui(
            _("List (CSV)"),
            _("It may come again at any time: what was converted stays converted."),
            "file",
            required=True,
        )
    },
)


def _root(page: Page) -> str:
    return f"/a/{page.parts['domain']}/convert/{WORDS[kind_of(page)]}"


def import_page(page: Page) -> Answer:
    """Choose a file."""
    root, kind = _root(page), kind_of(page)
    needed, more, _read = READERS[kind]
    view = UPLOAD.view(page, f"{root}/import", cancel=root)
    intro = _("Columns: {needed}; if you like also {more}.", needed=", ".join(needed), more=", ".join(more))
    name, context = f"convert-{WORDS[kind]}-import", {"view": view, "intro": intro}
    return Shown(name, TITLE, "form_page.html", context, crumbs=((TITLES[kind], root),), nav=NAV, help=HELP)


def what_of(one: Item) -> Words:
    """The licences of a line."""
    return f"{number(one['quantity'])} x {one['sku']}, {one['number']}" if "sku" in one else ""


def says_of(one: Item) -> Words:
    """What is odd about a line, or where its licences are."""
    return str(one["message"] or one["virtual_account"] or _("default virtual account"))


def check(page: Page) -> Answer:
    """Every line with its verdict; nothing is changed."""
    return _checked(page, carried_file(page))


def check_again(page: Page) -> Answer:
    """The same, after an import that was refused."""
    return _checked(page, unpacked(page.sent.get("content", "")))


def _checked(page: Page, data: bytes) -> Shown:
    kind, root, domain = kind_of(page), _root(page), page.parts["domain"]
    found: dict[str, Any] = actions.preview_classic(page.unit, domain, kind, data)
    facts = (
        (TITLES[kind], number(found["sources"])),
        (_("New"), number(found["new"])),
        *(((_("Note"), "; ".join(found["warnings"])),) if found["warnings"] else ()),
    )
    command = f"central convert {WORDS[kind]} import {domain} FILE"
    shown = Check(
        f"convert-{WORDS[kind]}-check", TITLE, f"{root}/import/apply", f"{root}/import", NAV, VERDICTS, what_of, says_of,
        HELP,
    )  # fmt: skip
    return shown.shown(page, data, found, facts, crumbs=((TITLES[kind], root),), command=command)


def take(page: Page) -> Answer:
    """Take over a list that was shown; it is judged once more."""
    data = unpacked(cast("Carried", page.read).content)
    found = actions.import_classic(page.unit, page.parts["domain"], kind_of(page), data)
    return Moved(_root(page), ngettext("{count} line taken over.", "{count} lines taken over.", found["lines"]))


URLS = tuple(
    url
    for kind, row in ((SourceKind.PAK, "C9.1"), (SourceKind.DEVICE, "C9.3"))
    for url in (
        Url("GET", f"{ROOT}/{WORDS[kind]}/import", import_page, MANAGE, row),
        Url("POST", f"{ROOT}/{WORDS[kind]}/import", check, MANAGE, row, form=ChosenList, most_bytes=MOST_BYTES),
        Url(
            "POST", f"{ROOT}/{WORDS[kind]}/import/apply", take, MANAGE, row, form=Carried, again=check_again,
            most_bytes=MOST_FORM_BYTES,
        ),
    )
)  # fmt: skip
