"""The second reader: tables, after `docs/format/tables.md`."""

from __future__ import annotations

import base64
import json
import unicodedata
from datetime import timedelta
from typing import Any

from tests.format.reader_values import LARGEST, demand, integer, many, moment, obj, refuse, text, time, unbase64

_MIB = 1024 * 1024
_ANY = integer(-LARGEST, LARGEST)
Found = dict[str, Any]


def _count_columns(forms: Found) -> int:
    """Columns, those inside members counted."""
    inner = [form["members"] for form in forms.values() if isinstance(form, dict) and set(form) == {"members"}]
    return len(forms) + sum(_count_columns(obj(each)) for each in inner)


def unrolled(table: Found, instances: list[Found]) -> tuple[list[Found], int]:
    """The rows of a table and their characters; `instances` are those of the last table of instances, with their columns as `paths`."""
    n = integer(1, 1000)(table["table"])
    demand("columns" in table)
    forms = obj(table["columns"])
    demand("kind" not in forms)
    demand(_count_columns(forms) <= 64)
    about = None
    if "about" in table:
        about = table["about"]
        if about is True:
            demand(len(instances) == n)
            about = list(range(n))
        about = _places(about, n, len(instances))
    one = _Unrolling(n, forms, [instances[place] for place in about] if about is not None else None)
    columns = {name: one.column(form) for name, form in forms.items()}
    size = sum(_characters(form, values) + len(name) * n for (name, form), values in _paired(forms, columns))
    demand(size <= 65_536 * n, "too_large")
    return [{"kind": table["kind"], **{name: values[at] for name, values in columns.items()}} for at in range(n)], size


def _paired(forms: Found, columns: Found) -> list[tuple[tuple[str, Any], list[Any]]]:
    return [((name, form), columns[name]) for name, form in forms.items()]


def _characters(form: Any, values: list[Any]) -> int:
    """Characters of the values of a column."""
    if isinstance(form, dict) and set(form) == {"members"}:
        return sum(
            len(name) * len(values) + _characters(inner, [value[name] for value in values])
            for name, inner in form["members"].items()
        )
    alike: dict[int, int] = {}
    for value in values:
        if id(value) not in alike:
            alike[id(value)] = len(value) if isinstance(value, str) else 0
            if isinstance(value, dict | list):
                alike[id(value)] = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return sum(alike[id(value)] for value in values)


def pointed(table: Found, rows: list[Found]) -> list[Found]:
    """What paths can lead to: the rows, where objects that stand as they are have no members."""
    return [{name: _pointed(form, row[name]) for name, form in table["columns"].items()} for row in rows]


def _pointed(form: Any, value: Any) -> Any:
    if isinstance(form, dict) and set(form) == {"members"}:
        return _Members({name: _pointed(each, value[name]) for name, each in form["members"].items()})
    return value


class _Members(dict):  # type: ignore[type-arg]
    """An object whose members are columns."""


def _places(value: Any, n: int, known: int) -> list[int]:
    places = many(integer(0, LARGEST))(value)
    demand(len(places) == n and all(place < known for place in places))
    return list(places)


class _Unrolling:
    def __init__(self, n: int, forms: Found, instances: list[Found] | None) -> None:
        self.n = n
        self.forms = forms
        self.instances = instances

    def column(self, form: Any, *, inner: bool = False) -> list[Any]:
        if isinstance(form, list):
            demand(len(form) == self.n)
            return form
        names = frozenset(obj(form))
        if "as" in names:
            demand(not inner)
            return self._as(form, names)
        if names == {"all"}:
            return [form["all"]] * self.n
        if names == {"of", "at"}:
            demand(isinstance(form["of"], list))
            return [form["of"][place] for place in _places(form["at"], self.n, len(form["of"]))]
        if names == {"hex"}:
            return [part.hex() for part in self._parts(form["hex"])]
        if names == {"base64"}:
            return [base64.b64encode(part).decode() for part in self._parts(form["base64"])]
        if names == {"steps"}:
            steps = self._integers(form["steps"])
            return [sum(steps[: at + 1]) for at in range(self.n)]
        if names == {"since", "plus"}:
            first = time(form["since"])
            return [_later(first, seconds) for seconds in self._integers(form["plus"])]
        demand(names == {"members"})
        columns = {name: self.column(each, inner=inner) for name, each in obj(form["members"]).items()}
        return [{name: values[at] for name, values in columns.items()} for at in range(self.n)]

    def _integers(self, value: Any) -> list[int]:
        found = many(_ANY)(value)
        demand(len(found) == self.n)
        return list(found)

    def _parts(self, value: Any) -> list[bytes]:
        found = unbase64(value, 2 * _MIB)
        demand(found and len(found) % self.n == 0)
        width = len(found) // self.n
        return [found[at * width : (at + 1) * width] for at in range(self.n)]

    def _as(self, form: Found, names: frozenset[str]) -> list[Any]:
        values = self._followed(text(_MIB)(form["as"]))
        if names == {"as"}:
            return values
        if names == {"as", "plus"}:
            plus = form["plus"]
            seconds = [_ANY(plus)] * self.n if not isinstance(plus, list) else self._integers(plus)
            return [_later(time(value), more) for value, more in zip(values, seconds, strict=True)]
        demand(names == {"as", "before", "after"})
        found = [f"{text()(form['before'])}{text()(value)}{text()(form['after'])}" for value in values]
        demand(all(unicodedata.normalize("NFC", each) == each for each in found))
        return found

    def _followed(self, path: str) -> list[Any]:
        if self.instances is not None and path.startswith("instance."):
            found = []
            for place in self.instances:
                value: Any = _Members(place)
                for name in path.split(".")[1:]:
                    demand(isinstance(value, _Members) and name in value)
                    value = value[name]
                demand(not isinstance(value, _Members))
                found.append(value)
            return found
        form: Any = {"members": self.forms}
        for name in path.split("."):
            demand(isinstance(form, dict) and set(form) == {"members"} and name in form["members"])
            form = form["members"][name]
        demand(not (isinstance(form, dict) and set(form) == {"members"}))
        return self.column(form, inner=True)


def _later(at: str, seconds: int) -> str:
    try:
        found = moment(at) + timedelta(seconds=seconds)
    except OverflowError:
        refuse("malformed")
    return f"{found:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")
