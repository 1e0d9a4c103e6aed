"""Making HTML: one Jinja environment of a console, with what every template may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from serverkit.web import formats
from serverkit.web.alert_bar import ALERT_BAR, bar_of
from serverkit.web.answers import PAGE_HEADERS, Shown
from serverkit.web.assets import address_of
from serverkit.web.console import Console, Frame, NavItem, Severity
from serverkit.web.equivalents import as_request
from serverkit.web.icons import icon
from serverkit.web.page import Page
from serverkit.web.texts import LANGUAGES, MIRROR, PSEUDO, Text, _, in_words, language, ngettext, use_locales
from serverkit.web.urls import SIGNED_IN

HTML = "text/html; charset=utf-8"
PARTIAL = "HX-Request"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", MIRROR})


class Renderer:
    """Shows pages of one console."""

    def __init__(self, console: Console) -> None:
        """Templates of the console win over those of the kit."""
        use_locales(console.package)
        loaders = [PackageLoader(console.package), PackageLoader("serverkit.web")]
        self._console = console
        self._environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=in_words,
        )
        self._environment.globals.update(_WORDS)
        self._environment.filters.update(_FILTERS)

    def show(self, page: Page, shown: Shown) -> Response:
        """A page, or the part of it that was asked for."""
        frame = Frame("") if page.work is None else self._console.frame(page.work, page.who, page.parts)
        part = shown.fragment is not None and page.wants_part(shown.target)
        template = self._environment.get_template(str(shown.fragment if part else shown.template))
        text = template.render(
            page=page,
            shown=shown,
            frame=frame,
            console=self._console,
            navigation=visible(frame.navigation, page),
            counts=counts(frame),
            bar=bar_of(frame, page.preferences.get(ALERT_BAR) if frame.alerts else None),
            part=part,
            lang=_html_language(),
            dir="rtl" if language() in RIGHT_TO_LEFT else "ltr",
            moment=lambda value: formats.moment(value, frame.zone),
            request_of=lambda view: as_request(page, view),
            list_moment=lambda value: formats.list_moment(value, frame.zone),
            **shown.context,
        )
        return Response(text, shown.status, dict(PAGE_HEADERS), content_type=HTML)


def visible(items: Sequence[NavItem], page: Page) -> list[tuple[Any, list[NavItem]]]:
    """The navigation in its groups, without what the role forbids."""
    groups: list[tuple[Any, list[NavItem]]] = []
    for item in items:
        if page.may(item.permission) and page.may_open(item.path):
            if not groups or groups[-1][0] != item.group:
                groups.append((item.group, []))
            groups[-1][1].append(item)
    return groups


def counts(frame: Frame) -> list[tuple[Severity, Text]]:
    """How many alerts of each severity there are, in words."""
    shown = {kind: sum(line.severity is kind for line in frame.alerts) for kind in Severity}
    numbers = {**shown, **(frame.numbers or {})}
    words = {
        Severity.MAJOR: _("{count} major", count=numbers[Severity.MAJOR]),
        Severity.MINOR: _("{count} minor", count=numbers[Severity.MINOR]),
        Severity.INFO: _("{count} informational", count=numbers[Severity.INFO]),
    }
    return [(kind, words[kind]) for kind in Severity if numbers[kind]]


def classes(**those: object) -> str:
    """Names of classes whose value is true."""
    return " ".join(name.replace("_", "-") for name, on in those.items() if on)


def ident(text: str) -> Markup:
    """A code, path or number: it stays left to right, and breaks nowhere but where it may."""
    return Markup('<bdi class="mono" dir="ltr">{}</bdi>').format(text)


def code(text: str) -> Markup:
    """A command in running text; no line breaks within an option, at whose hyphens a browser would."""
    words = (
        Markup('<span class="word">{}</span>').format(one) if one[:1] == "-" else escape(one) for one in text.split(" ")
    )
    return Markup("<code>{}</code>").format(Markup(" ").join(words))


def ticks(text: object) -> Markup:
    """A text in which commands are in backticks."""
    parts = str(in_words(text)).split("`")
    shown = (code(one) if at % 2 else escape(one) for at, one in enumerate(parts))
    return Markup("").join(shown)


def named(text: object, name: str) -> Markup:
    """A text in which a name stands out, in its own direction."""
    before, found, after = str(text).partition(name)
    return escape(before) + Markup("<b><bdi>{}</bdi></b>").format(found) + escape(after)


def _html_language() -> str:
    return "en-GB" if language() in {"en", PSEUDO, MIRROR} else language()


_WORDS: Mapping[str, Any] = {
    "_": _,
    "ngettext": ngettext,
    "asset": address_of,
    "icon": icon,
    "classes": classes,
    "languages": LANGUAGES,
    "SIGNED_IN": SIGNED_IN,
}
_FILTERS: Mapping[str, Any] = {
    "day": formats.day,
    "number": formats.number,
    "balance": formats.balance,
    "filesize": formats.size,
    "fours": formats.fours,
    "distance": formats.distance,
    "ident": ident,
    "named": named,
    "ticks": ticks,
    "unbroken": formats.unbroken,
}
