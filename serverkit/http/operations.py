"""What an interface consists of: operations, each with its models, its scope and its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from serverkit.actor import Actor
from serverkit.db.paging import MOST_KEY, Slice, UnknownKeyError
from serverkit.db.unit import Unit

C = TypeVar("C")
P = TypeVar("P", bound=tuple[Any, ...])
MOST_ITEMS = 500
MOST_UPLOAD = 8 * 1024 * 1024
JSON, FILE, CSV = "application/json", "application/octet-stream", "text/csv"
PLAIN = r"^[^\x00-\x1f\x7f]*$"


class Access(StrEnum):
    """What is needed instead of a permission of the matrix."""

    OPEN = "open"
    """Nothing."""
    SIGNED_IN = "signed-in"
    """Any valid access token."""
    CREDENTIALS = "credentials"
    """What the body or the headers show: the address gives tokens for it."""
    SIGNED_FILE = "signed-file"
    """A file that a satellite signed."""
    SIGNED_MESSAGE = "signed-message"
    """A message that a device signed, or a registration token in it."""


Needed: TypeAlias = StrEnum | tuple[StrEnum, ...]
"""A permission of the server's matrix, or several of which one is enough, or a kind of access that needs none."""


def alternatives(needed: Needed) -> tuple[StrEnum, ...]:
    """What is needed, as alternatives."""
    return needed if isinstance(needed, tuple) else (needed,)


class Strict(BaseModel):
    """A body or query: unknown members are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=10_000)


def example(value: dict[str, Any]) -> ConfigDict:
    """What to set `model_config` of a body to, so that the description shows an example of it."""
    return ConfigDict(json_schema_extra={"examples": [value]})


class Query(BaseModel):
    """Query parameters: texts that are read as what the model says; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Page(Query):
    """Paging by key: `after` is the `next` of the page before."""

    limit: int = Field(default=100, ge=1, le=MOST_ITEMS, description="Most items of a page.")
    after: str | None = Field(
        default=None, max_length=MOST_KEY, pattern=PLAIN, description="The `next` of the page before."
    )


def part_of(page: Page) -> Slice:
    """The part of a list that a query asks for."""
    return Slice(page.limit, page.after, getattr(page, "sort", None))


class NoQuery(Query):
    """No parameters."""


@dataclass(frozen=True)
class Asked(Generic[C]):
    """One call: the server that is asked, who asks, the unit of work, and what was sent.

    `body` is the model that the operation names, or the path of the file that was sent. `work` is None where the
    operation opens units of its own.
    """

    server: C
    actor: Actor
    work: Unit | None
    path: Mapping[str, str]
    query: Any
    body: Any

    @property
    def unit(self) -> Unit:
        """The unit of work."""
        if self.work is None:
            raise RuntimeError("this operation opens its units itself")
        return self.work


@dataclass(frozen=True)
class Operation(Generic[C]):
    """One method at one address.

    `path` names its parts in braces; `media` is what the body is: JSON with a model, otherwise a file of at most
    `most_bytes`; `answers` is the media type of the answer; `changes` decides scope and unit of work. `permission` is
    asked for before the handler is, `row` names the row of the specification. `current` gives
    the representation that `If-Match` is compared with. `alone` is for what opens units of its own.
    """

    name: str
    method: str
    path: str
    summary: str
    handle: Callable[[Asked[C]], Any]
    result: Mapping[str, Any]
    query: type[Query] = NoQuery
    body: type[Strict] | None = None
    media: str = JSON
    answers: str = JSON
    changes: bool = False
    current: Callable[[Asked[C]], Any] | None = None
    alone: bool = False
    most_bytes: int = MOST_UPLOAD
    permission: Needed = field(kw_only=True)
    row: str = field(kw_only=True)

    @property
    def tag(self) -> str:
        """What the operation is about: the first word of its address that is fixed, below an account."""
        words = [word for word in self.path.split("/")[3:] if word and not word.startswith("{")]
        return words[1] if len(words) > 1 and words[0] == "smart-accounts" else words[0]

    @property
    def parts(self) -> list[str]:
        """Names of the parts of the path."""
        return re.findall(r"\{(\w+)\}", self.path)


def paged(items: Iterable[dict[str, Any]], page: Page) -> dict[str, Any]:
    """A page of items in the order of their ids: what comes and goes between two pages moves none of the others."""
    rest = sorted((item for item in items if page.after is None or item["id"] > page.after), key=lambda one: one["id"])
    return cut(rest[: page.limit + 1], page)


def paged_by(
    items: Iterable[tuple[P, dict[str, Any]]], page: Page, read: Callable[[str], P], write: Callable[[P], str]
) -> dict[str, Any]:
    """A page of items that are in an order of their own, each with its place, which is the key: `read` and `write` convert it.

    UnknownKeyError where the key is none.
    """
    rest = list(items)
    if page.after is not None:
        last = read(page.after)
        rest = [(at, item) for at, item in rest if at > last]
    shown = rest[: page.limit]
    following = write(shown[-1][0]) if len(rest) > page.limit else None
    return {"items": [item for _, item in shown], "next": following}


def cut(items: Sequence[dict[str, Any]], page: Page) -> dict[str, Any]:
    """A page of items of which one more was looked up than the page holds."""
    part = list(items[: page.limit])
    return {"items": part, "next": part[-1]["id"] if len(items) > page.limit else None}


def paged_log(items: Sequence[dict[str, Any]], page: Page) -> dict[str, Any]:
    """A page of a log that only grows, newest first, after the entry whose id was given."""
    first = 0
    if page.after is not None:
        found = next((number for number, item in enumerate(items) if item["id"] == page.after), None)
        if found is None:
            raise UnknownKeyError
        first = found + 1
    return cut(items[first : first + page.limit + 1], page)


def object_of(**members: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object whose members are all there."""
    return {"type": "object", "properties": dict(members), "required": sorted(members)}


def list_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a page of items."""
    return object_of(items={"type": "array", "items": dict(schema)}, next={"type": ["string", "null"]})


TEXT: dict[str, Any] = {"type": "string"}
OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
OPTIONAL_WHOLE: dict[str, Any] = {"type": ["integer", "null"]}
WHOLE: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
OPTIONAL_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
ANYTHING: dict[str, Any] = {"type": "object"}
