"""Pages that every console has: how pages look, and the search."""

from __future__ import annotations

from itertools import groupby
from typing import Literal, cast

from pydantic import BaseModel, Field

from serverkit.web.alert_bar import ALERT_BAR, SHOW, Mark, changed
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk_pages import work_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.help_pages import help_urls
from serverkit.web.page import Page
from serverkit.web.security import WRITTEN, YEAR, local_path
from serverkit.web.sign_in import sign_in_urls
from serverkit.web.texts import LANGUAGES, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.views import view_urls


class LookForm(BaseModel):
    """How pages look."""

    theme: Literal["system", "light", "dark"] = "system"
    contrast: Literal["system", "more"] = "system"
    density: Literal["compact", "normal", "comfortable"] = "normal"
    language: str = ""
    keys: bool = False


LOOK_FORM = Form(
    LookForm,
    _("Save"),
    {
        "theme": Ui(
            _("Theme"),
            kind="radios",
            choices=(
                Choice("system", _("System setting")),
                Choice("light", _("Light")),
                Choice("dark", _("Dark")),
            ),
        ),
        "contrast": Ui(
            _("Contrast"),
            kind="radios",
            choices=(Choice("system", _("System setting")), Choice("more", _("High"))),
        ),
        "density": Ui(
            _("Row height"),
            kind="radios",
            choices=(
                Choice("compact", _("Compact")),
                Choice("normal", _("Normal")),
                Choice("comfortable", _("Comfortable")),
            ),
        ),
        "language": Ui(
            _("Language"),
            kind="select",
            choices=(Choice("", _("Browser setting")), *(Choice(code, name) for code, name in LANGUAGES.items())),
        ),
        "keys": Ui(_("Enable keyboard shortcuts such as / and j")),
    },
)


def own_urls(*, look: str, sign_in: str) -> list[Url]:
    """The addresses that every console has, with their rows of the specification."""
    return [
        *sign_in_urls(sign_in),
        *help_urls(look),
        *view_urls(look),
        *work_urls(look),
        Url("GET", "/me/look", show_look, SIGNED_IN, look),
        Url("POST", "/me/look", change_look, SIGNED_IN, look, form=LookForm, alone=True),
        Url("POST", "/alert-bar", change_alert_bar, SIGNED_IN, look, form=AlertBar),
        Url("GET", "/search", search, SIGNED_IN, look),
    ]


def show_look(page: Page) -> Answer:
    """How this browser shows pages."""
    look = page.look
    values = {
        "theme": look.theme,
        "contrast": look.contrast,
        "density": look.density,
        "language": look.language,
        "keys": look.keys == "on",
    }
    view = LOOK_FORM.view(page, "/me/look", values=values)
    intro = _("These settings are stored in this browser, for this console only.")
    return Shown("look", _("Look and language"), "form_page.html", {"view": view, "intro": intro})


def change_look(page: Page) -> Answer:
    """Keep another look."""
    read = cast("LookForm", page.read)
    values = {**read.model_dump(), "keys": "on" if read.keys else "off"}
    return Moved("/me/look", _("Saved."), (("look", page.look.changed(values).text, YEAR),))


class AlertBar(BaseModel):
    """What is hidden or shown in a place: one severity or all, with the marks of what the page showed, and where to go on."""

    change: Literal["hide", "show", "hide-major", "hide-minor", "hide-info", "show-major", "show-minor", "show-info"]
    place: str = Field(default="", max_length=200, pattern=WRITTEN)
    mark_major: str = Field(default="", max_length=64, pattern=WRITTEN)
    mark_minor: str = Field(default="", max_length=64, pattern=WRITTEN)
    mark_info: str = Field(default="", max_length=64, pattern=WRITTEN)


def change_alert_bar(page: Page) -> Answer:
    """Hide alerts of a place in its bar, or show them again; the counts stay, and so does what is new or cannot be hidden."""
    read = cast("AlertBar", page.read)
    verb, _sign, only = read.change.partition("-")
    sent = {one: Mark.read(getattr(read, f"mark_{one.value}")) for one in Severity if only in {"", one.value}}
    marks = {one: mark or Mark() for one, mark in sent.items() if mark is not None or verb == SHOW}
    page.keep_preference(ALERT_BAR, changed(page.preferences.get(ALERT_BAR), read.place, verb, marks))
    return Moved(local_path(page.sent.get("next", "/")))


def search(page: Page) -> Answer:
    """Find things, pages of this console and pages of the help by their words."""
    text = page.query.get("q", "").strip()[:200]
    if page.who is None:
        raise RuntimeError("the search needs somebody who is signed in")
    found = page.console.search(page.unit, page.who, text) if text else []
    groups = [(kind, list(items)) for kind, items in groupby(found, lambda one: one.kind)]
    title = _("Search: {text}", text=text) if text else _("Search")
    return Shown("search", title, "search.html", {"text": text, "groups": groups})
