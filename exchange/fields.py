"""Typed access to the members of a decoded object: a missing or wrong member is `malformed`, named in the message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from exchange.canonical import JsonObject, b64decode, is_hex, parse_time
from exchange.errors import MalformedError, TooLargeError
from exchange.limits import QUANTITY, TEXT_CHARS
from exchange.weight import json_bytes

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Fields:
    """Reads one object, member by member."""

    __slots__ = ("_data", "_what")

    def __init__(self, data: object, what: str) -> None:
        """`what` names the object in messages."""
        if not isinstance(data, dict):
            raise MalformedError("{what}: an object is expected", what=what)
        self._data: JsonObject = data
        self._what = what

    def _wrong(self, name: str, wanted: str) -> MalformedError:
        return MalformedError("{what}.{name}: {wanted} is expected", what=self._what, name=name, wanted=wanted)

    def raw(self, name: str) -> object:
        """The member, whatever it is; malformed when it is missing."""
        if name not in self._data:
            raise self._wrong(name, "a member")
        return self._data[name]

    def object_names(self) -> frozenset[str]:
        """The names of all members."""
        return frozenset(self._data)

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._data.get(name) is not None

    def text(self, name: str, *, most: int = TEXT_CHARS, empty: bool = True) -> str:
        """A string of at most `most` characters."""
        value = self.raw(name)
        if not isinstance(value, str) or len(value) > most or (not empty and not value):
            raise self._wrong(name, "a text")
        return value

    def optional_text(self, name: str, *, most: int = TEXT_CHARS) -> str | None:
        """A string or null; a missing member is null."""
        return self.text(name, most=most) if self.has(name) else None

    def identifier(self, name: str) -> str:
        """An id: 32 hexadecimal digits."""
        value = self.raw(name)
        if not isinstance(value, str) or not is_hex(value, 32):
            raise self._wrong(name, "an id of 32 hexadecimal digits")
        return value

    def optional_identifier(self, name: str) -> str | None:
        """An id or null."""
        return self.identifier(name) if self.has(name) else None

    def digest(self, name: str) -> str:
        """A SHA-256: 64 hexadecimal digits."""
        value = self.raw(name)
        if not isinstance(value, str) or not is_hex(value, 64):
            raise self._wrong(name, "a digest of 64 hexadecimal digits")
        return value

    def integer(self, name: str, *, least: int = 0, most: int = QUANTITY) -> int:
        """An integer in a range."""
        value = self.raw(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name, f"an integer from {least} to {most}")
        return value

    def optional_integer(self, name: str, *, least: int = 0, most: int = QUANTITY) -> int | None:
        """An integer in a range, or null."""
        return self.integer(name, least=least, most=most) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.raw(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def time(self, name: str) -> datetime:
        """A time in UTC."""
        return parse_time(self.text(name))

    def optional_time(self, name: str) -> datetime | None:
        """A time or null."""
        return self.time(name) if self.has(name) else None

    def word(self, name: str, words: type[E]) -> E:
        """A word of a closed list."""
        value = self.text(name)
        try:
            return words(value)
        except ValueError as error:
            raise self._wrong(name, "one of " + ", ".join(words)) from error

    def data(self, name: str, *, most: int) -> bytes:
        """Bytes, written as Base64."""
        return b64decode(self.text(name, most=most * 2))

    def mapping(self, name: str, *, most_bytes: int | None = None) -> JsonObject:
        """An object as it stands, whose canonical JSON has at most so many bytes."""
        value = self.raw(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        if most_bytes is not None and json_bytes(value) > most_bytes:
            raise TooLargeError("{name} has more than {most_bytes} bytes", name=name, most_bytes=most_bytes)
        return value

    def optional_mapping(self, name: str, *, most_bytes: int | None = None) -> JsonObject | None:
        """An object or null."""
        return self.mapping(name, most_bytes=most_bytes) if self.has(name) else None

    def items(self, name: str, read: Callable[[object], T], *, most: int = 100_000) -> tuple[T, ...]:
        """A list, each entry read by `read`."""
        value = self.raw(name)
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name, f"a list of at most {most}")
        return tuple(read(entry) for entry in value)


def plain_text(value: object) -> str:
    """Read a list's entry as text."""
    if not isinstance(value, str) or len(value) > TEXT_CHARS:
        raise MalformedError("a list holds something that is not a text")
    return value


def plain_object(value: object) -> JsonObject:
    """Read a list's entry as an object."""
    if not isinstance(value, dict):
        raise MalformedError("a list holds something that is not an object")
    return value
