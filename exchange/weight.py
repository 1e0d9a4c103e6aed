"""The size of the rows of a table: few bytes can expand to many rows, and each row has its limit."""

from __future__ import annotations

import json
from typing import Any

from exchange.canonical import encode

_LIGHT = frozenset({int, float, bool, type(None)})


def weigh(column: Any, count: int) -> int:
    """Characters of the values of a column, or of the columns of an object, whose names are in each row."""
    if isinstance(column, dict):
        return sum(len(name) * count + weigh(inner, count) for name, inner in column.items())
    types = {*map(type, column)}
    if types <= _LIGHT:
        return 0
    if types == {str}:
        return sum(map(len, column))
    # What all rows have in common is one object: it is written once, and counted for each row.
    sizes = {id(value): _size(value) for value in {id(value): value for value in column}.values()}
    return sum(map(sizes.__getitem__, map(id, column)))


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return len(encode(value).decode()) if isinstance(value, dict | list) else 0


def json_bytes(value: Any) -> int:
    """How many bytes an object has as JSON, also with numbers that its canonical form does not have."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
