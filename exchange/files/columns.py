"""Forms of columns; the values alone determine the most compact form."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeAlias

from exchange.canonical import JsonObject, iso
from exchange.limits import TABLE_COLUMNS

Time: TypeAlias = str | datetime
"""An aware time, or the text of one in UTC, whatever is between day and hour and after the seconds."""
_MOST_MEMBERS = TABLE_COLUMNS // 2
_ZONED = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = _ZONED.replace(tzinfo=None)


def values_column(values: Sequence[Any]) -> Any:
    """One value for all, values that are told once, or a list."""
    try:
        seen = dict.fromkeys(values)
    except TypeError:  # objects and lists
        return {"all": values[0]} if all(value == [] for value in values) else list(values)
    if len({*map(type, values)} - {type(None)}) > 1:  # true and 1 are not the same, whatever Python says
        return list(values)
    if len(seen) == 1:
        return {"all": values[0]}
    if len(seen) * 4 > len(values):
        return list(values)
    places = {value: place for place, value in enumerate(seen)}
    return {"of": list(seen), "at": [places[value] for value in values]}


def lists_column(texts: Sequence[str]) -> Any:
    """Lists, of which most are empty."""
    return {"all": []} if set(texts) == {"[]"} else parsed(texts)


def parsed(texts: Sequence[str]) -> list[Any]:
    """What texts of JSON say."""
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found


def objects_column(values: Sequence[JsonObject]) -> Any:
    """Objects with the same members stand member by member."""
    names = [*values[0]]
    if len(names) > _MOST_MEMBERS or any([*value] != names for value in values):
        return list(values)
    return {"members": {name: values_column([value[name] for value in values]) for name in names}}


def hex_column(ids: Sequence[str]) -> Any:
    """Ids."""
    return {"hex": base64.b64encode(bytes.fromhex("".join(ids))).decode("ascii")}


def base64_column(data: bytes) -> Any:
    """Bytes of one length, put together."""
    return {"base64": base64.b64encode(data).decode("ascii")}


def steps_column(numbers: Sequence[int]) -> Any:
    """Numbers that mostly grow by little."""
    return {"steps": [numbers[0], *(after - before for before, after in pairwise(numbers))]}


def times_column(seconds: list[int]) -> Any:
    """Times, as seconds after the earliest."""
    first = min(seconds)
    return {"since": _iso(first), "plus": [each - first for each in seconds]}


def few_times_column(times: Sequence[Time | None]) -> Any:
    """Times that most rows do not have; no column where none has one."""
    found = [None if time is None else _iso(seconds_of(time)) for time in times]
    return values_column(found) if any(found) else None


def later_column(times: Sequence[Time], path: str, bases: list[int]) -> Any:
    """Times, as seconds after those to which a path leads."""
    plus = [seconds_of(time) - base for time, base in zip(times, bases, strict=True)]
    if set(plus) == {0}:
        return {"as": path}
    return {"as": path, "plus": plus[0] if len(set(plus)) == 1 else plus}


def seconds_of(time: Time) -> int:
    """Seconds since 1970."""
    between = datetime.fromisoformat(time[:19]) - _EPOCH if isinstance(time, str) else time - _ZONED
    return between.days * 86_400 + between.seconds


def _iso(seconds: int) -> str:
    return iso(_ZONED + timedelta(seconds=seconds))
