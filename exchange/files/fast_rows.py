"""Fast reading of tables of instances, claims and events: whole columns are checked at once.

If a column is not certainly valid, the table is read row by row through `rows` and judged there. Both ways give the same rows or the same refusal.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any

from exchange.canonical import time_of_form
from exchange.errors import MalformedError
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow, read_request_row
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.limits import IDENTITY_CHARS, JSON_INTEGER, QUANTITY, SUBJECT_BYTES, TEXT_CHARS
from exchange.tables import Block, Column
from exchange.vocabulary import InstanceState
from exchange.weight import json_bytes

MESSAGE_CHARS = 4096
_IDS = re.compile(r"[0-9a-f]*")
_TIMES = re.compile(r"(?:\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\dZ)*", re.ASCII)
_STATES: Mapping[str, InstanceState] = {state.value: state for state in InstanceState}
_UDI = ("pid", "serial", "uuid", "vid", "host_identifier", "suvi", "mac_address")
_NONE = type(None)


# The same text is in several columns: a device's claims and events begin with it.
_time = lru_cache(4096)(time_of_form)


class _Doubt(Exception):  # noqa: N818 - no error: the full path decides
    """This column needs the careful way."""


def read_rows(block: Block) -> list[RequestRow]:
    """The rows of a line of a request, read the fast way if possible."""
    quick = _QUICK.get(block.kind) if block.row is None else None
    if quick is not None:
        try:
            return quick(block.columns, block.count)
        except (_Doubt, KeyError, TypeError, ValueError, MalformedError):
            pass
    return [read_request_row(row) for row in block.rows()]


def _sure(holds: object) -> None:
    if not holds:
        raise _Doubt


def _list(column: Column) -> list[Any]:
    if not isinstance(column, list):
        raise _Doubt
    return column


def _distinct(column: Column, *types: type) -> set[Any]:
    """The values of a column, which are of these types."""
    # The types of all values: a set would take true for 1.
    _sure({*map(type, _list(column))} <= {*types})
    return set(_list(column))


def _ids(column: Column, length: int = 32, *types: type) -> list[Any]:
    values = _distinct(column, str, *types) - {None}
    _sure({*map(len, values)} <= {length} and _IDS.fullmatch("".join(values)))
    return _list(column)


def _texts(column: Column, most: int = TEXT_CHARS, *types: type, least: int = 0) -> list[Any]:
    _sure(all(least <= len(text) <= most for text in _distinct(column, str, *types) if text is not None))
    return _list(column)


def _flags(column: Column) -> list[bool]:
    # Distinguished from 0 and 1, which are equal to them.
    _sure({*map(type, _list(column))} == {bool})
    return _list(column)


def _counts(column: Column, most: int = QUANTITY) -> list[int]:
    _sure({*map(type, _list(column))} == {int} and 0 <= min(_list(column)) <= max(_list(column)) <= most)
    return _list(column)


def _times(column: Column) -> list[datetime]:
    values = _distinct(column, str)
    _sure({*map(len, values)} == {20} and _TIMES.fullmatch("".join(values)))
    found = {text: _time(text) for text in values}
    return list(map(found.__getitem__, _list(column)))


def _udis(column: Column) -> Iterable[Udi]:
    if not isinstance(column, dict):
        raise _Doubt
    for name in {*_UDI} & {*column}:
        for text in _distinct(column[name], str, *(() if name in {"pid", "serial"} else (_NONE,))) - {None}:
            _sure(len(text) <= IDENTITY_CHARS)
    return map(Udi, *(_list(column[name]) if name in column else repeat(None) for name in _UDI))


def _keys(column: Column) -> list[PublicKey]:
    if not isinstance(column, dict):
        raise _Doubt
    _sure(_distinct(column["suite"], int) == {1})
    texts = _list(column["public"])
    _sure({*map(len, _distinct(texts, str))} == {44})
    data = [base64.b64decode(text, validate=True) for text in texts]
    _sure(list(map(base64.b64encode, data)) == [text.encode() for text in texts])
    return list(map(PublicKey, data))


def _instances(of: Mapping[str, Column], count: int) -> list[RequestRow]:
    keys = _keys(of["device_key"])
    hashes = [key.key_hash for key in keys]
    _sure(_list(of["key_hash"]) in (hashes, [None] * count) if "key_hash" in of else True)
    states = _distinct(of["state"], str)
    _sure(states <= {*_STATES})
    _sure(of["standbys"] == of["marks"] == [[]] * count and not {"standby_keys", "detached_until"} & {*of})
    _sure("detached_term" not in of)
    none: tuple[Any, ...] = ()

    def text(name: str) -> Iterable[Any]:
        return _texts(of[name], TEXT_CHARS, _NONE) if name in of else repeat(None)

    columns: tuple[Iterable[Any], ...] = (
        _ids(of["id"]),
        text("hostname"),
        _udis(of["udi"]),
        text("product_tag"),
        text("software_version"),
        text("ip_address"),
        text("notes"),
        _ids(of["virtual_account"]),
        _times(of["registered_at"]),
        _times(of["last_contact"]),
        _times(of["certificate_expires"]),
        map(_STATES.__getitem__, _list(of["state"])),
        _flags(of["export_allowed"]),
        hashes,
        keys,
        _ids(of["token"], 32, _NONE) if "token" in of else repeat(None),
        repeat(none),
        repeat(none),
        _flags(of["removed"]),
    )
    return list(map(InstanceRow, *columns))


def _claims(of: Mapping[str, Column], _count: int) -> list[RequestRow]:
    tags = _texts(of["tag"], least=1)
    return list(map(ClaimRow, _ids(of["instance"]), tags, _counts(of["count"]), _times(of["since"])))


def _longest(columns: Mapping[str, Column]) -> int:
    """More bytes than an object of these columns has in canonical JSON."""
    size = 2
    for name, column in columns.items():
        _sure({*map(type, column)} <= {str, int, bool, type(None)})
        size += 8 + 6 * len(name) + max(6 * len(value) if isinstance(value, str) else 20 for value in column)
    return size


def _events(of: Mapping[str, Column], count: int) -> list[RequestRow]:
    subject = of["subject"]
    if isinstance(subject, dict):
        columns = [_list(column) for column in subject.values()]
        _sure(_longest(subject) <= SUBJECT_BYTES)
        subjects = [dict(zip(subject, values, strict=True)) for values in zip(*columns, strict=True)]
        subjects = subjects or [{} for _ in range(count)]
    else:
        _sure({*map(type, subject)} == {dict})
        _sure(all(json_bytes(each) <= SUBJECT_BYTES for each in {id(each): each for each in subject}.values()))
        subjects = subject
    numbers: Iterable[Any] = repeat(None)
    if "number" in of:
        numbers = _counts(of["number"], JSON_INTEGER)
    columns_of: tuple[Iterable[Any], ...] = (
        _ids(of["id"]),
        _times(of["at"]),
        _texts(of["event"]),
        _texts(of["actor"]),
        _texts(of["message"], MESSAGE_CHARS),
        _ids(of["instance"], 32, _NONE) if "instance" in of else repeat(None, count),
        subjects,
        numbers,
    )
    return list(map(EventRow, *columns_of))


_QUICK: Mapping[str, Callable[[Mapping[str, Column], int], list[RequestRow]]] = {
    InstanceRow.kind: _instances,
    ClaimRow.kind: _claims,
    EventRow.kind: _events,
}
