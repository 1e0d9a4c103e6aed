"""Tables: declared once; the page, the CSV and the workbook come from the same declaration.

What is shown is in the address. A table that cannot be shown as asked is shown as usual, with a note; looking never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from serverkit.web.bulk import Bulk
from serverkit.web.columns import Balance, Column, Figure, Ident, Item, Moment, State, StateWords
from serverkit.web.forms import Choice, Choices
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import filled

ROWS = (50, 100, 250, 500)
COUNTED_TO = 10_000
LONGEST = {"tags": 4000}
DENSITIES = ("compact", "normal", "comfortable")
USUAL_VIEW = "usual"
"""What an address says that means what is usual, though the list opens with a view that somebody saved."""


@dataclass(frozen=True)
class Filter:
    """A filter: `kind` is text, choice, date, tags (several, separated by commas), or hidden for one that links set and a chip takes out; one with `more` is among the further ones that open; `usual` says what is shown without it; `choices` may be asked for on each visit; `suggest` gives whole values that begin with what was typed."""

    name: str
    label: Words
    kind: str = "choice"
    choices: Choices | Callable[[Any], Choices] = ()
    on: tuple[str, ...] = ()
    test: Callable[[Item, str], bool] | None = None
    usual: Words = field(default_factory=lambda: _("all"))
    more: bool = False
    suggest: Callable[[Any, str], Sequence[str]] | None = None

    def offered(self, page: Any) -> Choices:
        """The values to choose from."""
        return self.choices(page) if callable(self.choices) else self.choices

    def lets(self, item: Item, value: str) -> bool:
        """Whether a row in memory passes."""
        if self.test is not None:
            return self.test(item, value)
        if self.kind == "text":
            wanted = value.casefold()
            return any(wanted in str(item.get(name) or "").casefold() for name in self.on)
        return str(item.get(self.name)) == value


@dataclass(frozen=True)
class Empty:
    """What is in place of rows before there are any: what it is, how rows come to be, one action."""

    title: Words
    text: Words
    action: tuple[Words, str] | None = None
    permission: str | None = None


@dataclass(frozen=True)
class Act:
    """What can be done with one row: an address with the key of the row in braces."""

    label: Words
    path: Callable[[Item], str]
    permission: str | None = None
    when: Callable[[Item], Words | None] | None = None
    danger: bool = False
    fits: Callable[[Item], bool] | None = None

    def suits(self, item: Item) -> bool:
        """Whether it has a meaning for the row at all; where it has none, it is not there."""
        return self.fits is None or self.fits(item)

    def forbidden(self, item: Item) -> Words | None:
        """Why the state of the row forbids it; None where it does not."""
        return self.when(item) if self.when is not None else None


@dataclass(frozen=True)
class Rows:
    """A page of rows: `next` and `before` are keys to go on from, `count` all that match (capped), `total` without filters.

    `keys` are those of all that match, in order, where they alone were asked for and the rows can be read by them.
    """

    items: Sequence[Item]
    next: str | None = None
    before: str | None = None
    count: int = 0
    total: int | None = None
    keys: Sequence[str] | None = None


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a table. `most` is None for all rows, as a file wants them; `keys` names those that are meant.

    `only_keys`: rows need nothing but their key. `has_default` is set where the bare address leads to a saved view.
    """

    filters: Mapping[str, str]
    sort: str
    after: str | None
    before: str | None
    most: int | None
    columns: tuple[str, ...]
    notes: tuple[Words, ...] = ()
    keys: tuple[str, ...] | None = None
    only_keys: bool = False
    density: str = ""
    has_default: bool = False

    @property
    def order(self) -> str:
        """The column that orders."""
        return self.sort.removeprefix("-")

    @property
    def reverse(self) -> bool:
        """Whether from the largest down."""
        return self.sort.startswith("-")


@dataclass(frozen=True)
class Table:
    """A table. `rows` gives what is wanted; `key` is the member that tells one row from all others."""

    name: str
    title: Words
    path: str
    columns: Sequence[Column]
    rows: Callable[[Any, Wanted], Rows]
    key: str = "id"
    sort: str = ""
    filters: Sequence[Filter] = ()
    acts: Sequence[Act] = ()
    bulk: Sequence[Bulk] = ()
    empty: Empty = field(default_factory=lambda: Empty(_("Nothing here yet"), ""))
    note: Words = ""

    def at(self, parts: Mapping[str, str]) -> Table:
        """This table at the place that the parts of an address name: parts in braces of its addresses are filled in."""
        if "{" not in self.path:
            return self
        empty = self.empty
        if empty.action is not None:
            empty = replace(empty, action=(empty.action[0], filled(empty.action[1], parts)))
        return replace(self, path=filled(self.path, parts), empty=empty)

    def here(self, page: Any) -> Table:
        """This table as a visit shows it: at its place, with the columns that there are for the person."""
        columns = [one for one in self.columns if one.offered is None or one.offered(page)]
        return replace(self.at(page.parts), columns=columns)

    def column(self, name: str) -> Column | None:
        """The column of a name."""
        return next((one for one in self.columns if one.name == name), None)

    @property
    def default_sort(self) -> str:
        """The order where none is asked for."""
        return self.sort or next((one.name for one in self.columns if one.sort), self.key)

    def shown(self, wanted: Wanted) -> list[Column]:
        """The columns to show, in the order of the declaration."""
        return [one for one in self.columns if one.fixed or one.name in wanted.columns]

    def wanted(self, asked: MultiDict[str, str]) -> Wanted:
        """What an address asks for; what it cannot have is replaced by what is usual, with a note."""
        notes: list[Words] = []
        sort = asked.get("sort") or self.default_sort
        found = self.column(sort.removeprefix("-"))
        if (found is None or not found.sort) and sort != self.default_sort:
            notes.append(_("There is no order “{order}”; the usual one is shown.", order=sort[:40]))
            sort = self.default_sort
        rows = asked.get("rows", "")
        most = int(rows) if rows in {str(one) for one in ROWS} else ROWS[0]
        usual = tuple(one.name for one in self.columns if one.shown)
        chosen = [name for text in asked.getlist("cols") for name in text.split(",") if self.column(name)]
        given = {one.name: asked.get(one.name, "").strip()[: LONGEST.get(one.kind, 200)] for one in self.filters}
        after, before = asked.get("after") or None, asked.get("before") or None
        density = asked.get("density", "")
        return Wanted(
            {name: text for name, text in given.items() if text}, sort, after, before, most, tuple(chosen) or usual, tuple(notes),
            density=density if density in DENSITIES else "",
        )  # fmt: skip

    def everything(self, asked: MultiDict[str, str], keys: Sequence[str] | None = None) -> Wanted:
        """All rows that match, as a file holds them; with `keys` those alone."""
        wanted = self.wanted(asked)
        named = tuple(keys) if keys is not None else None
        return Wanted(wanted.filters, wanted.sort, None, None, None, wanted.columns, keys=named)

    def address(self, wanted: Wanted, **changed: str | None) -> str:
        """The address of this table as it is, but for what is changed."""
        return self.path + self.state(wanted, **changed)

    def state(self, wanted: Wanted, **changed: str | None) -> str:
        """What an address of this table says after its path."""
        values: dict[str, str | None] = {**wanted.filters, "after": wanted.after, "before": wanted.before}
        if wanted.sort != self.default_sort:
            values["sort"] = wanted.sort
        if wanted.most not in {None, ROWS[0]}:
            values["rows"] = str(wanted.most)
        if wanted.columns != tuple(one.name for one in self.columns if one.shown):
            values["cols"] = ",".join(wanted.columns)
        values["density"] = wanted.density
        values |= changed
        if wanted.has_default and not any(values.values()):
            values = {"view": USUAL_VIEW}
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def from_list(table: Table, items: Sequence[Item], wanted: Wanted) -> Rows:
    """Rows of a list that is in memory: filtered, in order, a page of it. Ties are ended by the key."""
    tests = {one.name: one for one in table.filters}
    found = [item for item in items if all(tests[name].lets(item, value) for name, value in wanted.filters.items())]
    if wanted.keys is not None:
        found = [item for item in found if str(item[table.key]) in set(wanted.keys)]
    column = table.column(wanted.order)

    def order(item: Item) -> tuple[int, Any, str]:
        value = column.of(item) if column is not None else item.get(wanted.order)
        if column is not None and column.rank is not None:
            value = column.rank(item)
        elif column is not None and column.kind == "state":
            value = str(column.state_of(item).words)
        if value is None:
            return (0, "", str(item[table.key]))
        return (1, value if isinstance(value, int | float) else str(value).casefold(), str(item[table.key]))

    found.sort(key=order, reverse=wanted.reverse)
    if wanted.most is None:
        return Rows(found, count=len(found), total=len(items))
    keys = [str(item[table.key]) for item in found]
    start = 0
    if wanted.after is not None and wanted.after in keys:
        start = keys.index(wanted.after) + 1
    elif wanted.before is not None and wanted.before in keys:
        start = max(0, keys.index(wanted.before) - wanted.most)
    shown = found[start : start + wanted.most]
    more = start + wanted.most < len(found)
    return Rows(
        shown,
        str(shown[-1][table.key]) if shown and more else None,
        str(shown[0][table.key]) if shown and start > 0 else None,
        len(found),
        len(items),
    )


def counted(rows: Rows, *, filtered: bool) -> Words:
    """How many rows there are, in words."""
    if rows.count > COUNTED_TO:
        return _("more than {count}", count=COUNTED_TO)
    if filtered and rows.total is not None:
        return _("{count} of {total} match", count=rows.count, total=rows.total)
    return ngettext("{count} row", "{count} rows", rows.count)


def chips(table: Table, wanted: Wanted, page: Any) -> list[tuple[Words, str]]:
    """The filters in words, each with the address without it."""
    found: list[tuple[Words, str]] = []
    for one in table.filters:
        if one.name in wanted.filters:
            value = wanted.filters[one.name]
            label: Words = next((choice.label for choice in one.offered(page) if choice.value == value), value)
            gone: dict[str, str | None] = {"after": None, "before": None, one.name: None}
            away = table.address(wanted, **gone)
            found.append((_("{filter}: {value}", filter=one.label, value=label), away))
    return found


__all__ = [
    "Act",
    "Balance",
    "Choice",
    "Column",
    "Empty",
    "Figure",
    "Filter",
    "Ident",
    "Item",
    "Moment",
    "Rows",
    "State",
    "StateWords",
    "Table",
    "Wanted",
    "from_list",
]
