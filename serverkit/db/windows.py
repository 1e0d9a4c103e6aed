"""Windows of long lists for pages: forth and back by (value, id), with a count that never looks at everything.

A key holds the values by which its row stands where it stands, so that a window can go on from a row that is gone. The cost
of a window does not grow with how far it is from the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import SQLColumnExpression, func, literal_column, select

from serverkit.db.named import Named
from serverkit.db.paging import (
    Columns,
    Query,
    UnknownKeyError,
    UnknownSortError,
    beyond,
    read_key,
    read_list,
    write_key,
)
from serverkit.db.unit import Unit

COUNTED_TO = 10_000
LONGEST_FILTER = 255
NAMED_AT_ONCE = 5000
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of a list: an order (`-` reverses it), a key to go on after or before, how many, and filters.

    `most` is None for everything that matches, as a file wants it; `ids` names the only rows that are meant. `only_ids`: items
    have nothing but their `id`, in their order, so that the rows of a large list can be named without being read.
    """

    sort: str = ""
    after: str | None = None
    before: str | None = None
    most: int | None = 50
    filters: Mapping[str, str] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    only_ids: bool = False

    @property
    def wanted(self) -> dict[str, str]:
        """The filters that are set, without blanks around them and never longer than anything that is kept."""
        return {name: value.strip()[:LONGEST_FILTER] for name, value in self.filters.items() if value.strip()}


WHOLE = Part(most=None)


@dataclass(frozen=True, slots=True)
class Window:
    """Items of a list: `next` and `before` are keys to go on from; `count` is of all that match, at most one over 10,000."""

    items: Sequence[dict[str, Any]]
    next: str | None = None
    before: str | None = None
    count: int = 0

    @property
    def counted(self) -> bool:
        """Whether the count is exact."""
        return self.count <= COUNTED_TO


@dataclass(frozen=True)
class Orders:
    """The orders that a list offers: by name the columns, which are never null; `identity` ends every order.

    `usual` is the order where none is asked for.
    """

    identity: SQLColumnExpression[Any]
    by: Mapping[str, Columns]
    usual: str

    def columns(self, sort: str) -> tuple[Columns, bool]:
        """The columns of an order, and whether it is reversed; UnknownSortError."""
        wanted = sort or self.usual
        name = wanted.removeprefix("-")
        if name not in self.by:
            raise UnknownSortError(
                "there is no order {name!r}; there are {known}", name=name[:64], known=", ".join(self.by)
            )
        return (*self.by[name], self.identity), wanted.startswith("-")


def window_of(
    unit: Unit, query: Query, orders: Orders, part: Part, show: Callable[[list[Any]], list[dict[str, Any]]]
) -> Window:
    """A window of a query of one entity; `show` makes items of its rows, in their order.

    UnknownSortError, UnknownKeyError for a key that no window of this list gave.
    """
    columns, reverse = orders.columns(part.sort)
    if part.only_ids:
        named = query.with_only_columns(orders.identity, maintain_column_froms=True).order_by(None)
        named = named.order_by(*(one.desc() if reverse else one.asc() for one in columns))
        found = Named(unit.session.scalars(named.execution_options(yield_per=NAMED_AT_ONCE)))
        return Window(found, count=len(found))
    back = part.before is not None and part.after is None
    if part.ids is not None:
        query = query.where(orders.identity.in_(list(part.ids)))
    limited = query.add_columns(*columns)
    key = part.before if back else part.after
    if key is not None:
        limited = limited.where(beyond(columns, read_key(key, columns), reverse=reverse != back))
    limited = limited.order_by(None).order_by(*(one.desc() if reverse != back else one.asc() for one in columns))
    if part.most is not None:
        limited = limited.limit(part.most + 1)
    rows = list(unit.session.execute(limited))
    more = part.most is not None and len(rows) > part.most
    rows = rows[: part.most] if part.most is not None else rows
    if back:
        rows.reverse()
    first, last = (write_key(rows[0][-len(columns) :]), write_key(rows[-1][-len(columns) :])) if rows else (None, None)
    following, earlier = (more, key is not None) if not back else (True, more)
    return Window(
        show([row[0] for row in rows]),
        last if following else None,
        first if earlier else None,
        # A window that holds everything needs no second look.
        len(rows) if key is None and not more else count_of(unit, query),
    )


def count_of(unit: Unit, query: Query) -> int:
    """How many rows match: exact to 10,000, one more where there are more.

    An order of the query says by which index its rows are met.
    """
    found = query.with_only_columns(literal_column("1"), maintain_column_froms=True).limit(COUNTED_TO + 1).subquery()
    return int(unit.session.scalar(select(func.count()).select_from(found)) or 0)


def merged(
    windows: Sequence[Window], part: Part, place: Callable[[dict[str, Any]], tuple[Any, ...]], *, reverse: bool
) -> Window:
    """One window of several lists with keys of one form, each asked for the same part; `place` gives the values of an item's key."""
    items = sorted((one for window in windows for one in window.items), key=place, reverse=reverse)
    back = part.before is not None and part.after is None
    most = len(items) if part.most is None else part.most
    more = len(items) > most or any(window.before if back else window.next for window in windows)
    shown = (items[-most:] if back else items[:most]) if most else []
    first, last = (write_key(place(shown[0])), write_key(place(shown[-1]))) if shown else (None, None)
    following, earlier = (True, more) if back else (more, part.after is not None)
    count = min(sum(window.count for window in windows), COUNTED_TO + 1)
    return Window(shown, last if following else None, first if earlier else None, count)


def window_in_memory(
    items: Sequence[dict[str, Any]],
    orders: Mapping[str, Callable[[dict[str, Any]], tuple[str | int, ...]]],
    identity: Callable[[dict[str, Any]], str],
    part: Part,
    usual: str,
) -> Window:
    """A window of a list that is short by nature and made as a whole; the same keys, orders and counts."""
    wanted = part.sort or usual
    name, reverse = wanted.removeprefix("-"), wanted.startswith("-")
    if name not in orders:
        raise UnknownSortError("there is no order {name!r}; there are {known}", name=name[:64], known=", ".join(orders))

    def place(item: dict[str, Any]) -> list[Any]:
        return [*orders[name](item), identity(item)]

    if part.ids is not None:
        items = [item for item in items if identity(item) in set(part.ids)]
    ordered = sorted(items, key=place, reverse=reverse)
    if part.only_ids:
        return Window([{"id": identity(item)} for item in ordered], count=len(items))
    start, end = 0, len(ordered)
    back = part.before is not None and part.after is None
    key = part.before if back else part.after
    if key is not None:
        at = read_list(key, len(place(ordered[0]))) if ordered else []
        try:
            # How many are before the place, and how many are there or before.
            before = sum((place(one) > at) if reverse else (place(one) < at) for one in ordered)
            there = sum(place(one) == at for one in ordered)
        except TypeError as error:
            raise UnknownKeyError from error
        start, end = (0, before) if back else (before + there, len(ordered))
    if part.most is not None:
        start, end = (max(start, end - part.most), end) if back else (start, min(end, start + part.most))
    shown = ordered[start:end]
    return Window(
        shown,
        write_key(place(shown[-1])) if shown and end < len(ordered) else None,
        write_key(place(shown[0])) if shown and start > 0 else None,
        len(items),
    )
