"""One encoding of JSON, and a reader that accepts nothing ambiguous.

Writing: UTF-8, members sorted by code point, no blanks, integers only, strings in NFC. Reading refuses duplicate
names, floats, NaN, huge integers, depth, other encodings, lone surrogates and control characters: whatever two
programs could read in two ways is `malformed`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias

from exchange.errors import MalformedError, TooLargeError
from exchange.limits import JSON_DEPTH, JSON_INTEGER, STRING_CHARS

JsonObject: TypeAlias = dict[str, Any]
JsonValue: TypeAlias = Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\dZ")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_HEX = re.compile(r"[0-9a-f]+")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# Made once: `json.dumps` and `json.loads` would make a new one for each value.
_as_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def encode(value: JsonValue) -> bytes:
    """Encode a value canonically; TypeError or ValueError for what JSON of this format cannot hold (our own fault)."""
    _check_written(value, 0)
    return _as_text(value).encode("utf-8")


def _check_written(value: JsonValue, depth: int) -> None:
    if type(value) is str and len(value) <= STRING_CHARS and value.isascii() and value.isprintable():
        return  # almost everything in a message
    if depth > JSON_DEPTH:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_string(value)
    elif isinstance(value, int):
        if abs(value) > JSON_INTEGER:
            raise ValueError("integer out of range")
    elif isinstance(value, Mapping):
        _check_members(value, depth)
    elif isinstance(value, list | tuple):
        _check_list(value, depth)
    else:
        raise TypeError(f"{type(value).__name__} has no place in a message")


def _check_list(value: list[Any] | tuple[Any, ...], depth: int) -> None:
    # Long lists hold numbers only or plain texts only, and are looked at as a whole.
    types = {*map(type, value)} if depth < JSON_DEPTH else set()
    if types == {int} and min(value) >= -JSON_INTEGER and max(value) <= JSON_INTEGER:
        return
    if types == {str} and max(map(len, value)) <= STRING_CHARS:
        text = "".join(value)
        if text.isascii() and text.isprintable():
            return
    for member in value:
        _check_written(member, depth + 1)


def _check_members(value: Mapping[Any, JsonValue], depth: int) -> None:
    for name, member in value.items():
        if not isinstance(name, str):
            raise TypeError("names of members are strings")
        if not (name.isascii() and name.isprintable() and len(name) <= STRING_CHARS):
            _check_string(name)
        _check_written(member, depth + 1)


def _check_string(value: str) -> None:
    if value.isascii():
        if value.isprintable() and len(value) <= STRING_CHARS:
            return
    elif not unicodedata.is_normalized("NFC", value):
        raise ValueError("a string is not in NFC")
    if len(value) > STRING_CHARS * 32 or _CONTROL.search(value):
        raise ValueError("a string is too long or holds control characters")


def decode(data: bytes, *, max_bytes: int, max_depth: int = JSON_DEPTH) -> JsonValue:
    """Read strict JSON; TooLargeError over `max_bytes`, MalformedError for anything ambiguous."""
    if len(data) > max_bytes:
        raise TooLargeError("{count} bytes where at most {max_bytes} are allowed", count=len(data), max_bytes=max_bytes)
    _refuse_depth(data, max_depth)
    plain = _is_plain(data)
    if plain and len(data) <= STRING_CHARS:
        found = _decode_plain(data.decode("ascii"))
        if found is not None:
            return found
    try:
        text = data.decode("utf-8")
        if text.startswith("\ufeff"):
            raise MalformedError("it begins with a byte order mark")
        value = _strict(text)
        if not plain:
            _check_written(value, 0)
    except MalformedError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise MalformedError("this is not JSON, or JSON that can be read in two ways") from error
    return value


def _is_plain(data: bytes) -> bool:
    # No string in such a text can hold anything that a string may not hold, nor be too long.
    return (
        len(data) <= STRING_CHARS * 32 and data.isascii() and b"\\" not in data and data.decode("ascii").isprintable()
    )


def _decode_plain(text: str) -> JsonValue | None:
    """Read what `encode` wrote, much faster: written again it must be the same text, so no name can occur twice."""
    try:
        value = _PLAIN_READER.decode(text)
    except (ValueError, RecursionError):
        return None  # the careful reader says what is wrong
    return value if isinstance(value, dict) and _as_text(value) == text else None


def decode_object(data: bytes, *, max_bytes: int) -> JsonObject:
    """Read strict JSON whose outermost value is an object."""
    value = decode(data, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise MalformedError("an object is expected")
    return value


def _refuse_depth(data: bytes, max_depth: int) -> None:
    # Counting brackets, strings included, is a bound that needs no parser; only a file near it is looked at closely.
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return
    # Strings are taken out first: a bracket inside one is not a nesting.
    depth = 0
    for byte in _STRINGS.sub(b"", data).translate(None, _NO_BRACKETS):
        if byte in b"[{":
            depth += 1
            if depth > max_depth:
                raise MalformedError("nested too deeply")
        else:
            depth -= 1


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a name occurs twice in an object")
    return found


def _no_float(text: str) -> NoReturn:
    raise MalformedError("{text} is not an integer", text=text[:20])


def _integer(text: str) -> int:
    if len(text) > 17 or text == "-0" or abs(int(text)) > JSON_INTEGER:
        raise MalformedError("an integer is out of range")
    return int(text)


_PLAIN_READER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_integer)
_strict = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float, parse_int=_integer
).decode


def digest(data: bytes) -> str:
    """SHA-256 of bytes, in lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def b64encode(data: bytes) -> str:
    """Base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def b64decode(text: str) -> bytes:
    """Read Base64 that `b64encode` could have written, and nothing else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("not Base64") from error
    if b64encode(data) != text:
        raise MalformedError("not the canonical Base64 of its bytes")
    return data


def iso(at: datetime) -> str:
    """A time as text: whole seconds, UTC, `Z`."""
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    return at.astimezone(UTC).isoformat()[:19] + "Z"


def parse_time(text: str) -> datetime:
    """Read what `iso` writes, and nothing else; MalformedError otherwise."""
    if not _TIME.fullmatch(text) or not text.isascii():
        raise MalformedError("{text!r} is not a time", text=text[:40])
    return time_of_form(text)


def time_of_form(text: str) -> datetime:
    """Read a text that has the form of a time; MalformedError where the calendar or the day has no such time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError("{text!r} is not a time", text=text) from error
    if text[11:13] == "24":  # a newer Python takes it for the next midnight
        raise MalformedError("{text!r} is not a time", text=text)
    return at


def is_hex(text: str, digits: int) -> bool:
    """Say whether a text is exactly so many lower-case hexadecimal digits."""
    return len(text) == digits and _HEX.fullmatch(text) is not None
