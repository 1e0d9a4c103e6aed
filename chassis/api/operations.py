"""What an interface consists of: operations, each with its models, its scope and its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from chassis.db.unit import Unit
from chassis.errors import InvalidInputError

C = TypeVar("C")
MOST_ITEMS = 500
PLAIN = r"^[^\x00-\x1f\x7f]*$"


class Strict(BaseModel):
    """A body or query: unknown members are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=10_000)


class Query(BaseModel):
    """Query parameters: texts that are read as what the model says; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Page(Query):
    """Paging by key: `after` is the `next` of the page before."""

    limit: int = Field(default=100, ge=1, le=MOST_ITEMS, description="Most items of a page.")
    after: str | None = Field(default=None, max_length=200, pattern=PLAIN, description="The `next` of the page before.")


class NoQuery(Query):
    """No parameters."""


@dataclass(frozen=True)
class Asked(Generic[C]):
    """One call: the server that is asked, the unit of work, and what was sent."""

    server: C
    unit: Unit
    path: Mapping[str, str]
    query: Any
    body: Any


@dataclass(frozen=True)
class Operation(Generic[C]):
    """One method at one address.

    `path` names its parts in braces; `media` is what the body is (JSON with a model, otherwise raw bytes); `answers` is
    the media type of the answer; `changes` decides scope and unit of work; `open` needs no token.
    """

    name: str
    method: str
    path: str
    summary: str
    handle: Callable[[Asked[C]], Any]
    result: Mapping[str, Any]
    query: type[Query] = NoQuery
    body: type[Strict] | None = None
    media: str = "application/json"
    answers: str = "application/json"
    changes: bool = False
    open: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The address as an expression."""
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))

    @property
    def parts(self) -> list[str]:
        """Names of the parts of the path."""
        return re.findall(r"\{(\w+)\}", self.path)


class UnknownKeyError(InvalidInputError):
    """The key to go on from is not one that this list gave."""

    code = "unknown_page"
    remedy = "Begin again without `after`."


def paged(items: Sequence[dict[str, Any]], page: Page, key: str = "id") -> dict[str, Any]:
    """A page of items that are in a stable order, after the item whose key was given."""
    first = 0
    if page.after is not None:
        found = next((number for number, item in enumerate(items) if item[key] == page.after), None)
        if found is None:
            raise UnknownKeyError
        first = found + 1
    part = list(items[first : first + page.limit])
    more = first + page.limit < len(items)
    return {"items": part, "next": part[-1][key] if more and part else None}


def object_of(**members: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object whose members are all there."""
    return {"type": "object", "properties": dict(members), "required": sorted(members)}


def list_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a page of items."""
    return object_of(items={"type": "array", "items": dict(schema)}, next={"type": ["string", "null"]})


TEXT: dict[str, Any] = {"type": "string"}
OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
WHOLE: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
OPTIONAL_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
ANYTHING: dict[str, Any] = {"type": "object"}
