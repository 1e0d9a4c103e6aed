"""The second reader: strict JSON and plain values, after `docs/format/json.md`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

KIB = 1024
MIB = 1024 * KIB
LARGEST = 2**53 - 1
Type = Callable[[Any], Any]
Form = Mapping[str, Type]


class Refused(Exception):  # noqa: N818 - the word of the pages
    """The reader ends here, with a code."""

    def __init__(self, code: str) -> None:
        """One of the codes of the pages."""
        super().__init__(code)
        self.code = code


def refuse(code: str) -> NoReturn:
    """End the reading."""
    raise Refused(code)


def demand(holds: object, code: str = "malformed") -> None:
    """End the reading unless something holds."""
    if not holds:
        refuse(code)


# -- JSON -----------------------------------------------------------------------------------------------------------

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\r": "\\r"}


def canonical(value: Any) -> bytes:
    """The one way to write a value."""
    return _write(value).encode("utf-8")


def _write(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(_write(entry) for entry in value) + "]"
    return "{" + ",".join(f"{_write(name)}:{_write(value[name])}" for name in sorted(value)) + "}"


def strict(data: bytes, most: int) -> Any:
    """Read JSON that can be understood in one way only."""
    demand(len(data) <= most, "too_large")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_members,
            parse_int=_number,
            parse_float=lambda _: refuse("malformed"),
            parse_constant=lambda _: refuse("malformed"),
        )
    except (ValueError, RecursionError):
        refuse("malformed")
    _look(value, 1)
    return value


def strict_object(data: bytes, most: int) -> dict[str, Any]:
    """Read JSON whose value is an object."""
    return obj(strict(data, most))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    demand(len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def _number(digits: str) -> int:
    demand(digits != "-0" and len(digits) < 20)
    demand(-LARGEST <= int(digits) <= LARGEST)
    return int(digits)


def _look(value: Any, level: int) -> None:
    if isinstance(value, str):
        demand(len(value) <= 2_097_152 and not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", value))
        demand(unicodedata.normalize("NFC", value) == value)
    elif isinstance(value, list | dict):
        demand(level <= 16)
        for entry in value:
            _look(entry, level + 1)
            if isinstance(value, dict):
                _look(value[entry], level + 1)


def sha256(data: bytes) -> str:
    """Digest of bytes."""
    return hashlib.sha256(data).hexdigest()


# -- plain values ---------------------------------------------------------------------------------------------------


def read(value: Any, form: Form) -> dict[str, Any]:
    """The members of an object that a form names, in its order; others are passed over."""
    found = obj(value)
    result = {}
    for name, kind in form.items():
        if getattr(kind, "may_lack", False):
            result[name] = kind(found.get(name))
        else:
            demand(name in found)
            result[name] = kind(found[name])
    return result


def optional(kind: Type) -> Type:
    """Or null."""

    def take(value: Any) -> Any:
        return None if value is None else kind(value)

    take.may_lack = True  # type: ignore[attr-defined]
    return take


def obj(value: Any) -> dict[str, Any]:
    """An object as it stands; also an envelope that is kept."""
    demand(isinstance(value, dict))
    result: dict[str, Any] = value
    return result


def small(most: int) -> Type:
    """An object as it stands, of so many bytes of JSON."""

    def check(value: Any) -> dict[str, Any]:
        found = obj(value)
        demand(len(canonical(found)) <= most, "too_large")
        return found

    return check


def text(most: int = 1024, *, empty: bool = True) -> Type:
    """A text."""

    def take(value: Any) -> str:
        demand(isinstance(value, str) and len(value) <= most and (empty or value))
        return str(value)

    return take


def _hexadecimal(digits: int) -> Type:
    pattern = re.compile(f"[0-9a-f]{{{digits}}}")

    def take(value: Any) -> str:
        demand(isinstance(value, str) and pattern.fullmatch(value))
        return str(value)

    return take


ident, digest = _hexadecimal(32), _hexadecimal(64)


def integer(least: int = 0, most: int = 1_000_000_000) -> Type:
    """An integer in a range."""

    def take(value: Any) -> int:
        demand(type(value) is int and least <= value <= most)
        return int(value)

    return take


def flag(value: Any) -> bool:
    """True or false."""
    demand(value is True or value is False)
    return bool(value)


def moment(value: str) -> datetime:
    """What a time says."""
    return datetime.fromisoformat(value).astimezone(UTC)


def time(value: Any) -> str:
    """A time; stays text."""
    demand(isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII))
    try:
        moment(value)
    except (ValueError, OverflowError):
        refuse("malformed")
    return str(value)


def word(*words: str) -> Type:
    """A word of a closed list."""

    def take(value: Any) -> str:
        demand(isinstance(value, str) and value in words)
        return str(value)

    return take


def unbase64(value: Any, letters: int) -> bytes:
    """The bytes of a Base64 text."""
    demand(isinstance(value, str) and len(value) <= letters)
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        refuse("malformed")
    demand(base64.b64encode(data).decode() == value)
    return data


def data(most: int) -> Type:
    """Bytes; stay Base64."""

    def take(value: Any) -> str:
        unbase64(value, 2 * most)
        return str(value)

    return take


def many(kind: Type, most: int = 100_000, least: int = 0) -> Type:
    """A list."""

    def take(value: Any) -> list[Any]:
        demand(isinstance(value, list) and least <= len(value) <= most)
        return [kind(entry) for entry in value]

    return take


def of(form: Form) -> Type:
    """An object of a form."""
    return lambda value: read(value, form)


def version_1(value: Any) -> int:
    """The member `format`."""
    demand(integer(1)(value) == 1, "unsupported_version")
    return 1


def _udi_value(value: Any) -> str:
    found = str(text(255)(value)).strip()
    demand(found)
    demand(all(letter == " " or unicodedata.category(letter)[0] not in "CZ" for letter in found))
    return found


def _serial(value: Any) -> str:
    found = _udi_value(value)
    demand(" " not in found)
    return found


def _uuid(value: Any) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in _udi_value(value))


_UDI: dict[str, Type] = {"pid": _udi_value, "serial": _serial, "uuid": optional(_uuid)}
_UDI |= {name: optional(_udi_value) for name in ("vid", "host_identifier", "suvi", "mac_address")}


def udi(value: Any) -> dict[str, str]:
    """A unique device identifier."""
    return {name: found for name, found in read(value, _UDI).items() if found is not None}


def key(value: Any) -> dict[str, Any]:
    """A public key."""
    found = read(value, {"public": data(64), "suite": integer(1, 1000)})
    demand(found["suite"] == 1, "unsupported_version")
    demand(len(raw_key(found)) == 32)
    return found


def raw_key(found: Mapping[str, Any]) -> bytes:
    """The 32 bytes of a key that was read."""
    return base64.b64decode(found["public"])


def key_hash(found: Mapping[str, Any]) -> str:
    """The hash of a key."""
    return sha256(raw_key(found))


Keys = dict[str, dict[str, Any]]


def by_id(keys: Iterable[dict[str, Any]]) -> Keys:
    """Keys by their ids."""
    return {key_hash(each)[:32]: each for each in keys}
