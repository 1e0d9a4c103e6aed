"""The table of a console's addresses: one row for each method at each address, with all that guards it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from pydantic import BaseModel

from serverkit.errors import NotFoundError
from serverkit.http import app
from serverkit.http.operations import Access, Needed
from serverkit.web.answers import Answer

FAMILY = "page"
SMALL_BYTES = 64 * 1024
SIGN_IN, STEP_UP = "/sign-in", "/step-up"
AGAIN = "form_again"
"""A field that has a form shown filled, and nothing done."""
OPEN, SIGNED_IN, CREDENTIALS = Access.OPEN, Access.SIGNED_IN, Access.CREDENTIALS
Handler: TypeAlias = Callable[[Any], Answer]
"""Answers a `Page`, which is made from the row and so is not known here."""
_PART = re.compile(r"{(\w+)}")


class Grade(StrEnum):
    """How dangerous a change is, and so what is asked before it."""

    NONE = "0"
    PREVIEW = "1"
    DIALOG = "2"
    TYPED = "3"


@dataclass(frozen=True, slots=True)
class Url:
    """One method at one address.

    `path` names its parts in braces. `handler` answers; `permission` is asked for before it. `form` is the model that a
    change is read by: what does not fit it never reaches the handler. `several` are the fields that a form without a model has
    more than once; another field with two values is refused. `load` finds the thing that the address names
    (404), `again` is the page that a refused change comes back to, filled; without one, the GET of the same address.
    `alone` is for what opens its units itself: changes, and the way to another server and back. `fresh` asks for the password again when that was long
    ago. `admits` says who may send more than a small body to a form that needs no session: it names the caller, or refuses
    before anything is received. `tries` is for forms with a password or a code: a wrong one (401) comes back to the form. `twin` names the
    operation that does the same. `names` gives what has to be typed before a change of grade 3: the name of the thing.
    `current` gives the present values of the form by its fields: who opened it before they changed is asked first (409).
    `bulk` is the table and the change of many of its rows that the address is of. `table` is the table that the page shows:
    views are saved of such a page only.
    """

    method: str
    path: str
    handler: Handler
    permission: Needed
    row: str
    form: type[BaseModel] | None = None
    several: tuple[str, ...] = ()
    load: Callable[[Any], Any] | None = None
    again: Handler | None = None
    twin: str = ""
    alone: bool = False
    fresh: bool = False
    tries: bool = False
    admits: Callable[[Any], str] | None = None
    most_bytes: int = SMALL_BYTES
    grade: Grade = Grade.NONE
    names: Callable[[Any], str] | None = None
    current: Callable[[Any], Mapping[str, Any]] | None = None
    bulk: Any = None
    table: Any = None

    def __post_init__(self) -> None:
        """What nothing brings back is never done without the name typed and the password entered again."""
        if (self.grade is Grade.TYPED) != (self.names is not None) or (self.names is not None and not self.fresh):
            raise ValueError(f"{self.path}: grade 3 needs `names` and `fresh`, and only grade 3 has `names`")

    @property
    def changes(self) -> bool:
        """Whether it is a change: a GET never writes."""
        return self.method == "POST"

    @property
    def rule(self) -> app.Url:
        """Its row in the server's URL table."""
        return app.Url(FAMILY, self.method, _PART.sub(r"<\1>", self.path), self.permission, self.handler, self.row)

    def leads_to(self, path: str) -> bool:
        """Whether an address is one of these."""
        return _shape(self.path).fullmatch(path) is not None

    def at(self, **parts: str) -> str:
        """The address with its parts filled in."""
        return filled(self.path, parts)


@cache
def _shape(path: str) -> re.Pattern[str]:
    # Every page asks this of every address for each of its links.
    return re.compile("[^/]+".join(map(re.escape, _PART.split(path)[::2])))


def filled(path: str, parts: Mapping[str, str]) -> str:
    """An address with its parts in braces filled in, as they stand in an address."""
    return _PART.sub(lambda found: quote(parts[found[1]], safe=""), path)


def page_urls(urls: Iterable[Url]) -> list[app.Url]:
    """The rows of a console in the server's URL table."""
    return [url.rule for url in urls]


def pages_to_return_to(urls: Iterable[Url]) -> dict[str, Handler]:
    """By address, the page that a refused change comes back to."""
    return {url.path: url.handler for url in urls if url.method == "GET"}


def plain_part(text: str) -> str:
    """A part of an address, decoded; 404 for one that no name can be."""
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise NotFoundError("The address is not UTF-8.") from error
    if "\0" in plain:
        raise NotFoundError("The address holds a character that no name has.")
    return plain
