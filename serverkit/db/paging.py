"""Pages of long lists: rows are looked up by key, so that a page far from the first costs no more than the first."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Row, Select, SQLColumnExpression, and_, false, or_
from sqlalchemy.sql import coercions, roles

from serverkit.db.base import UtcDateTime
from serverkit.db.unit import Unit
from serverkit.errors import InvalidInputError, Remedy

Query = Select[*tuple[Any, ...]]
Columns = tuple[SQLColumnExpression[Any], ...]
SEPARATOR = ":"
DEFAULT = "id"
MOST_DIGITS = 18
MOST_KEY = 4096


class UnknownKeyError(InvalidInputError):
    """The refusal `unknown_page`."""

    code = "unknown_page"
    message = "The list did not return this key for the next page."
    remedy = Remedy("Start again without `after`.", page="api.md#calls")


class UnknownSortError(InvalidInputError):
    """The refusal `unknown_sort`."""

    code = "unknown_sort"
    message = "The list cannot be sorted this way."
    remedy = Remedy("Choose a sort order that the message names; a leading `-` reverses it.", page="api.md#calls")


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a list that is requested: at most `limit` items after the key `after`; None requests all of them."""

    limit: int | None = None
    after: str | None = None
    sort: str | None = None


ALL = Slice()


@dataclass(frozen=True, slots=True)
class Listing:
    """Items as people and programs see them, and the key of the last one if more follow."""

    items: list[dict[str, Any]]
    next: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The page as an interface returns it."""
        return {"items": self.items, "next": self.next}


@dataclass(frozen=True)
class Sorting:
    """The orders that a list offers. `identity` tells one item from all others; it ends every order and is the key.

    The columns of `orders` are never null. None of the texts of `identity` contains a colon.
    """

    identity: Columns
    orders: Mapping[str, Columns]

    def columns(self, sort: str | None) -> tuple[Columns, bool]:
        """The columns of an order, and whether it is reversed; UnknownSortError."""
        name = (sort or DEFAULT).removeprefix("-")
        if name != DEFAULT and name not in self.orders:
            known = ", ".join([DEFAULT, *self.orders])
            raise UnknownSortError("there is no order {name!r}; there are {known}", name=name[:64], known=known)
        return (*self.orders.get(name, ()), *self.identity), (sort or "").startswith("-")


def page_of(
    unit: Unit, query: Query, sorting: Sorting, part: Slice
) -> tuple[Sequence[Row[*tuple[Any, ...]]], str | None]:
    """Rows of a query in the requested order, and the key of the last one if more follow.

    A key holds the place of its row in the order: what changes, comes or goes between two pages moves none of the others, and
    a row that moves itself is where it stands when its part is read. UnknownKeyError for a key that this list did not return.
    """
    columns, reverse = sorting.columns(part.sort)
    plain = len(columns) == len(sorting.identity)
    if part.after is not None:
        place = _identity(sorting, part.after) if plain else read_key(part.after, columns)
        query = query.where(beyond(columns, place, reverse=reverse))
    query = query.order_by(*(column.desc() if reverse else column.asc() for column in columns))
    query = query.add_columns(*columns)
    if part.limit is None:
        return unit.session.execute(query).all(), None
    rows = unit.session.execute(query.limit(part.limit + 1)).all()
    shown = rows[: part.limit]
    if len(rows) <= part.limit:
        return shown, None
    last = shown[-1][-len(columns) :]
    return shown, SEPARATOR.join(str(value) for value in last) if plain else write_key(last)


def _identity(sorting: Sorting, after: str) -> Sequence[Any]:
    words = after.split(SEPARATOR)
    if len(words) != len(sorting.identity):
        raise UnknownKeyError
    return [_read(column, word) for column, word in zip(sorting.identity, words, strict=True)]


def _read(column: SQLColumnExpression[Any], word: str) -> int | str:
    if not isinstance(coercions.expect(roles.ExpressionElementRole, column).type, Integer):
        return word
    if not (word.isascii() and word.isdecimal() and len(word) <= MOST_DIGITS):
        raise UnknownKeyError
    return int(word)


def beyond(columns: Columns, place: Sequence[Any], *, reverse: bool) -> ColumnElement[bool]:
    """What follows a place, in the order of all columns.

    The first column's own bound lets an index begin at the place; the rest alone would have it read from the start.
    """
    found: ColumnElement[bool] = false()
    for column, value in reversed(list(zip(columns, place, strict=True))):
        further = column < value if reverse else column > value
        found = or_(further, and_(column == value, found))
    return and_(columns[0] <= place[0] if reverse else columns[0] >= place[0], found)


def write_key(values: Sequence[Any]) -> str:
    """The place of a row as a text that an address can hold."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode("ascii").rstrip("=")


def read_key(text: str, columns: Columns) -> list[Any]:
    """The place that a text stands for; UnknownKeyError."""
    return [_as(column, value) for column, value in zip(columns, read_list(text, len(columns)), strict=True)]


def read_list(text: str, length: int) -> list[Any]:
    """The texts and whole numbers of a key; UnknownKeyError."""
    if len(text) > MOST_KEY:
        raise UnknownKeyError
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise UnknownKeyError from error
    if not isinstance(found, list) or len(found) != length or not all(isinstance(one, str | int) for one in found):
        raise UnknownKeyError
    return found


def _as(column: SQLColumnExpression[Any], value: Any) -> Any:
    kind = coercions.expect(roles.ExpressionElementRole, column).type
    if isinstance(kind, UtcDateTime | DateTime):
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise UnknownKeyError from error
        if found.tzinfo is None:
            raise UnknownKeyError
        return found
    wanted = int if kind.python_type in {int, bool} else str
    if not isinstance(value, wanted) or (isinstance(value, str) and "\0" in value):
        raise UnknownKeyError
    if isinstance(value, int) and abs(value) >= 2**63:
        raise UnknownKeyError
    return value
