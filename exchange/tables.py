"""Tables: many rows of one kind in one line of a body, member by member instead of row by row.

Common values are written once, derivable values are left out, and random bytes are kept together, so that compression works well. A table is only another form of its rows: it is expanded into rows, which are then checked. The writer chooses the form of each column.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from exchange import limits
from exchange.canonical import JsonObject, b64decode, b64encode, decode_object, parse_time
from exchange.errors import MalformedError, TooLargeError
from exchange.weight import weigh

Column: TypeAlias = "list[Any] | dict[str, Column]"
"""A value for each row, or the columns of the members of an object."""

INSTANCE = "instance"
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Block:
    """What a line holds: rows of one kind, as columns where the line is a table."""

    kind: str
    count: int
    row: JsonObject | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    weight: int = 0
    """How much text the rows of a table hold."""

    def rows(self) -> list[JsonObject]:
        """The rows as objects."""
        if self.row is not None:
            return [self.row]
        kinds: Column = [self.kind] * self.count
        return _objects({**self.columns, "kind": kinds}, self.count)


def _objects(columns: Mapping[str, Column], count: int) -> list[JsonObject]:
    if not columns:
        return [{} for _ in range(count)]
    values = [column if isinstance(column, list) else _objects(column, count) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


class TableReader:
    """Reads the lines of one body in their order; the last table of instances is kept for those that refer to it."""

    def __init__(self) -> None:
        """A reader at the beginning of a body."""
        self._instances = Block(INSTANCE, 0)

    def read(self, line: bytes) -> Block:
        """Read one line."""
        found = decode_object(line, max_bytes=limits.LINE_BYTES)
        kind = found.get("kind")
        if not isinstance(kind, str):
            raise MalformedError("a row says not what it is")
        if "table" not in found:
            if len(line) > limits.ROW_BYTES:
                raise TooLargeError("a row is longer than it can be")
            return Block(kind, 1, found)
        block = self._table(kind, found)
        if kind == INSTANCE:
            self._instances = block
        return block

    def _table(self, kind: str, found: JsonObject) -> Block:
        count, columns = found["table"], found.get("columns")
        if type(count) is not int or not 1 <= count <= limits.TABLE_ROWS:
            raise MalformedError("a table does not say how many rows it represents")
        if not isinstance(columns, dict) or "kind" in columns:
            raise MalformedError("a table has no columns")
        about = self._about(found["about"], count) if "about" in found else None
        table = _Table(columns, count, self._instances.columns, about)
        unrolled = {name: table.column(form) for name, form in columns.items()}
        weight = weigh(unrolled, count)
        if weight > limits.ROW_BYTES * count:
            raise TooLargeError("the rows of a table are longer than rows can be")
        return Block(kind, count, columns=unrolled, weight=weight)

    def _about(self, about: object, count: int) -> Sequence[int]:
        known = self._instances.count
        if about is True:
            if count != known:
                raise MalformedError("a table speaks of more or fewer instances than there are")
            return range(known)
        return _places(about, count, known)


def _places(value: object, count: int, known: int) -> list[int]:
    """Places in a list of `known` entries."""
    places = _integers(value, count)
    if not 0 <= min(places) <= max(places) < known:
        raise MalformedError("a table points at what is not there")
    return places


def _integers(value: object, count: int) -> list[int]:
    if not isinstance(value, list) or len(value) != count or set(map(type, value)) != {int}:
        raise MalformedError("a column does not have a number for each row")
    return value


class _Table:
    """One table while it is expanded."""

    def __init__(
        self, forms: JsonObject, count: int, instances: Mapping[str, Column], about: Sequence[int] | None
    ) -> None:
        self._forms = forms
        self._count = count
        self._instances = instances
        self._about = about
        self._left = limits.TABLE_COLUMNS

    def column(self, form: object, *, follow: bool = True) -> Column:
        """Expand a column; `follow` says whether it may refer to another one."""
        self._left -= follow
        if self._left < 0:
            raise MalformedError("a table has too many columns")
        if isinstance(form, list):
            if len(form) != self._count:
                raise MalformedError("a column does not have a value for each row")
            return form
        if not isinstance(form, dict):
            raise MalformedError("a column of a form that is not known")
        if "as" in form:
            return self._other(form, follow=follow)
        unroll = _FORMS.get(frozenset(form))
        if unroll is None:
            raise MalformedError("a column of a form that is not known")
        return unroll(self, form)

    def all(self, form: JsonObject) -> Column:
        """One value for all rows."""
        return [form["all"]] * self._count

    def choice(self, form: JsonObject) -> Column:
        """Values that are told once, and which of them each row has."""
        values = form["of"]
        if not isinstance(values, list):
            raise MalformedError("a column has no values to choose from")
        return list(map(values.__getitem__, _places(form["at"], self._count, len(values))))

    def hex(self, form: JsonObject) -> Column:
        """Texts of hexadecimal digits of one length."""
        data, width = self._bytes(form["hex"])
        digits = data.hex()
        return [digits[at : at + width * 2] for at in range(0, len(digits), width * 2)]

    def base64(self, form: JsonObject) -> Column:
        """Texts that are the Base64 of as many bytes each."""
        data, width = self._bytes(form["base64"])
        return [b64encode(data[at : at + width]) for at in range(0, len(data), width)]

    def _bytes(self, text: object) -> tuple[bytes, int]:
        if not isinstance(text, str):
            raise MalformedError("a column has no bytes")
        data = b64decode(text)
        if not data or len(data) % self._count:
            raise MalformedError("a column does not have the same number of bytes for each row")
        return data, len(data) // self._count

    def members(self, form: JsonObject) -> Column:
        """Objects, member by member."""
        forms = form["members"]
        if not isinstance(forms, dict):
            raise MalformedError("a column has no members")
        return {name: self.column(each) for name, each in forms.items()}

    def steps(self, form: JsonObject) -> Column:
        """A number and what each adds to the one before."""
        total, found = 0, []
        for step in _integers(form["steps"], self._count):
            total += step
            found.append(total)
        return found

    def since(self, form: JsonObject) -> Column:
        """Times by their seconds after a first one."""
        first = _seconds(form["since"])
        return [_later(first + seconds) for seconds in _integers(form["plus"], self._count)]

    def _other(self, form: JsonObject, *, follow: bool) -> Column:
        """What another column says, as it stands, some seconds later, or within a text."""
        if not follow:
            raise MalformedError("a column is told by one that is told by another")
        unroll = _CHANGES.get(frozenset(form))
        path = form["as"]
        if unroll is None or not isinstance(path, str):
            raise MalformedError("a column of a form that is not known")
        of, _, rest = path.partition(".")
        values = self._of_instance(rest) if of == INSTANCE and self._about is not None else self._own(path)
        return unroll(values, form)

    def _of_instance(self, path: str) -> list[Any]:
        values = _at(self._instances, path)
        if not isinstance(values, list):
            raise MalformedError("a column is told by one that is not there")
        if isinstance(self._about, range):
            return values
        return list(map(values.__getitem__, self._about or ()))

    def _own(self, path: str) -> list[Any]:
        form: Any = {"members": self._forms}
        for name in path.split("."):
            form = form.get("members") if isinstance(form, dict) else None
            form = form.get(name) if isinstance(form, dict) else None
        values = self.column(form, follow=False)
        if not isinstance(values, list):
            raise MalformedError("a column is told by one that is not there")
        return values


def _at(columns: Mapping[str, Column], path: str) -> Column | None:
    found: Column | None = dict(columns)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _seconds(value: object) -> int:
    if not isinstance(value, str):
        raise MalformedError("a column has no time")
    between = parse_time(value) - _FIRST
    return between.days * _DAY + between.seconds


def _later(seconds: int) -> str:
    """A time by its seconds since the year 1."""
    days, second = divmod(seconds, _DAY)
    return _day(days) + _clock(second)


@lru_cache(4096)
def _day(days: int) -> str:
    try:
        return (_FIRST + timedelta(days)).isoformat()[:11]
    except OverflowError as error:
        raise MalformedError("a time is out of range") from error


@lru_cache(_DAY)
def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def _as_it_stands(values: list[Any], _form: JsonObject) -> Column:
    return values


def _plus(values: list[Any], form: JsonObject) -> Column:
    plus = form["plus"]
    seconds = [plus] * len(values) if type(plus) is int else _integers(plus, len(values))
    return [_later(_seconds(value) + more) for value, more in zip(values, seconds, strict=True)]


def _within(values: list[Any], form: JsonObject) -> Column:
    before, after = form["before"], form["after"]
    if not all(isinstance(text, str) and len(text) <= limits.TEXT_CHARS for text in (before, after, *values)):
        raise MalformedError("a column is told by something that is not a text")
    found = [f"{before}{value}{after}" for value in values]
    if not all(text.isascii() or unicodedata.is_normalized("NFC", text) for text in found):
        raise MalformedError("a column makes a text that is not in NFC")
    return found


_FORMS: Mapping[frozenset[str], Callable[[_Table, JsonObject], Column]] = {
    frozenset({"all"}): _Table.all,
    frozenset({"of", "at"}): _Table.choice,
    frozenset({"hex"}): _Table.hex,
    frozenset({"base64"}): _Table.base64,
    frozenset({"members"}): _Table.members,
    frozenset({"steps"}): _Table.steps,
    frozenset({"since", "plus"}): _Table.since,
}
_CHANGES: Mapping[frozenset[str], Callable[[list[Any], JsonObject], Column]] = {
    frozenset({"as"}): _as_it_stands,
    frozenset({"as", "plus"}): _plus,
    frozenset({"as", "before", "after"}): _within,
}
