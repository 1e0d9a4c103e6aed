"""Pages of long lists: rows are looked up by key, so that a page far from the first costs no more than the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, SQLColumnExpression, and_, false, or_
from sqlalchemy.sql import coercions, roles

from serverkit.db.unit import Unit
from serverkit.errors import InvalidInputError, Remedy

Query = Select[*tuple[Any, ...]]
Columns = tuple[SQLColumnExpression[Any], ...]
SEPARATOR = ":"
DEFAULT = "id"
MOST_DIGITS = 18


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

    UnknownKeyError for a key that this list did not return, or whose row has gone in an order that needs it.
    """
    columns, reverse = sorting.columns(part.sort)
    if part.after is not None:
        query = query.where(beyond(columns, _place(unit, query, sorting, columns, part.after), reverse=reverse))
    query = query.order_by(*(column.desc() if reverse else column.asc() for column in columns))
    query = query.add_columns(*sorting.identity)
    if part.limit is None:
        return unit.session.execute(query).all(), None
    rows = unit.session.execute(query.limit(part.limit + 1)).all()
    shown = rows[: part.limit]
    return shown, _key(shown[-1], len(sorting.identity)) if len(rows) > part.limit else None


def _key(row: Row[*tuple[Any, ...]], parts: int) -> str:
    return SEPARATOR.join(str(value) for value in row[-parts:])


def _place(unit: Unit, query: Query, sorting: Sorting, columns: Columns, after: str) -> Sequence[Any]:
    words = after.split(SEPARATOR)
    if len(words) != len(sorting.identity):
        raise UnknownKeyError
    identity = [_read(column, word) for column, word in zip(sorting.identity, words, strict=True)]
    if len(columns) == len(identity):
        return identity
    named = and_(*(column == value for column, value in zip(sorting.identity, identity, strict=True)))
    found = unit.session.execute(query.with_only_columns(*columns).where(named)).first()
    if found is None:
        raise UnknownKeyError
    return tuple(found)


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
