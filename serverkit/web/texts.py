"""Words of pages: written in English where they stand, translated when they are shown.

`_("{count} of {all} match", count=3, all=9)` is a text in the language of the page that shows it. Catalogues are the
`locales/*.po` of the kit and of its console: `de.po` for the words of pages, `de-templates.po` for what refusals,
alerts and causes say. The pseudo-locale makes texts longer and accented, so that a text which
is not translatable, or a place without room, is seen; the mirrored one runs from right to left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from serverkit.errors import Filled

ENGLISH = "en"
PSEUDO = "x-pseudo"
MIRROR = "x-mirror"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
_DOMAINS: list[str] = ["serverkit.web"]
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)
_ACCENTS = str.maketrans("aceinostuyACEINOSTUYdlr", "áçéíñóšťúýÁÇÉÍÑÓŠŤÚÝďľŕ")


class Text:
    """A text that is translated when it is shown; `values` fill its places, `count` chooses between one and many."""

    __slots__ = ("count", "many", "message", "values")

    def __init__(
        self, message: str, many: str | None = None, count: int = 0, values: Mapping[str, Any] | None = None
    ) -> None:
        """`many` is the form for a `count` other than one."""
        self.message = message
        self.many = many
        self.count = count
        self.values = dict(values or {})

    def __str__(self) -> str:
        """The text in the language of the page."""
        found = translated(self.message, self.many, self.count, _language.get())
        values = self.values if self.many is None else {"count": self.count, **self.values}
        try:
            return found.format_map(values) if values else found
        except (KeyError, IndexError, ValueError, AttributeError):
            return found  # a text that does not fit its values hides nothing

    def __html__(self) -> str:
        """The text, safe in HTML."""
        return str(escape(str(self)))

    def __repr__(self) -> str:
        """For debugging."""
        return f"Text({self.message!r})"

    def __eq__(self, other: object) -> bool:
        """Texts are equal when they would be shown alike in every language."""
        return isinstance(other, Text) and (self.message, self.many, self.count, self.values) == (
            other.message,
            other.many,
            other.count,
            other.values,
        )

    def __hash__(self) -> int:
        """By the source."""
        return hash((self.message, self.count))


Words: TypeAlias = str | Text


def _(message: str, **values: Any) -> Text:
    """A text in the language of the page that shows it."""
    return Text(message, values=values)


def ngettext(one: str, many: str, count: int, **values: Any) -> Text:
    """A text with a number: `one` for 1, `many` for others; `{count}` is the number."""
    return Text(one, many, count, values)


def in_words(value: Any) -> Any:
    """A text that remembers its template, such as of a refusal or an alert, in the language of the page; all else as it is."""
    if isinstance(value, Filled) and value:
        return Text(value.template, values={name: in_words(one) for name, one in value.fields.items()})
    return value


def use_locales(package: str) -> None:
    """Take the catalogues of a further package, such as a console's."""
    if package not in _DOMAINS:
        _DOMAINS.append(package)
        _catalogue.cache_clear()


def language() -> str:
    """The language of the page."""
    return _language.get()


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Show what is shown within in a language."""
    before = _language.set(chosen)
    try:
        yield
    finally:
        _language.reset(before)


def choose_language(wanted: str, accepted: Iterable[str]) -> str:
    """The language that a person chose, else the first that the browser accepts and there is, else English."""
    if wanted in LANGUAGES or wanted in {PSEUDO, MIRROR}:
        return wanted
    short = (one.split("-", 1)[0].lower() for one in accepted)
    return next((one for one in short if one in LANGUAGES), ENGLISH)


def translated(message: str, many: str | None, count: int, chosen: str) -> str:
    """A message in a language, with its places still open."""
    english = message if many is None or count == 1 else many
    if chosen == PSEUDO:
        return pseudo(english)
    if chosen in {ENGLISH, MIRROR}:
        return english
    found = _catalogue(chosen).get(message)
    if found is None:
        return english
    if isinstance(found, tuple):
        return (found[0] if count == 1 else found[-1]) or english
    return found or english


def pseudo(message: str) -> str:
    """A message made longer and accented; what is in braces stays."""
    parts = []
    for literal, name, form, _conversion in Formatter().parse(message):
        parts.append(literal.translate(_ACCENTS).replace("{", "{{").replace("}", "}}"))
        if name is not None:
            parts.append("{" + name + (f":{form}" if form else "") + "}")
    return "[" + "".join(parts) + "·" * (len(message) * 2 // 5) + "]"


@cache
def _catalogue(chosen: str) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for package in _DOMAINS:
        for name in (f"{chosen}-templates.po", f"{chosen}.po"):
            file = files(package) / "locales" / name
            if file.is_file():
                with file.open("rb") as stream:
                    found |= _messages(read_po(stream))
    return found


def _messages(catalogue: Catalog) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for message in catalogue:
        if message.id and not message.fuzzy:
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found[str(key)] = tuple(message.string) if isinstance(message.string, tuple | list) else str(message.string)
    return found


__all__ = ["Markup", "Text", "Words", "_", "ngettext", "speaking", "use_locales"]
