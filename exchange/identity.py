"""Who a device is: the unique device identifier (UDI) in the field's terms."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Self

from exchange.canonical import JsonObject
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.limits import IDENTITY_CHARS

_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_OPTIONAL = ("uuid", "vid", "host_identifier", "suvi", "mac_address")


def ascii_lower(text: str) -> str:
    """The text with ASCII capitals in lower case; other letters stay, since their case depends on the language."""
    return text.translate(_ASCII_LOWER)


def _part(text: str) -> str:
    # A bar inside a part must not pass for the one between two; what stands for it is printable in no part.
    return text.replace("|", "\x1f")


@lru_cache(maxsize=1024)
def _key_of(pid: str, serial: str, uuid: str | None) -> str:
    # One message asks for the key of its device ten times.
    return ascii_lower(f"{_part(pid)}|{_part(serial)}|{_part((uuid or '').replace('-', ''))}")


@dataclass(frozen=True, slots=True)
class Udi:
    """Product id and serial number, with further identifiers where the product has them (1–255 characters each).

    Blanks around a part do not count; the case of ASCII letters is kept and does not tell two devices apart.
    """

    pid: str
    serial: str
    uuid: str | None = None
    vid: str | None = None
    host_identifier: str | None = None
    suvi: str | None = None
    mac_address: str | None = None

    def __post_init__(self) -> None:
        """Trim every part, write the UUID in lower case; MalformedError names a part that no product carries."""
        for name in ("pid", "serial", *_OPTIONAL):
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            plain = value.strip() if isinstance(value, str) else ""
            if not plain or len(plain) > IDENTITY_CHARS or not plain.isprintable():
                raise MalformedError(
                    "udi.{name}: 1 to {identity_chars} printable characters are expected",
                    name=name,
                    identity_chars=IDENTITY_CHARS,
                )
            if not plain.isascii() and not unicodedata.is_normalized("NFC", plain):
                raise MalformedError("udi.{name}: the text is not in the usual Unicode form (NFC)", name=name)
            if name == "serial" and " " in plain:
                raise MalformedError(
                    "udi.serial: {plain!r} has a blank inside; write it as the device shows it", plain=plain[:40]
                )
            if name == "uuid":
                plain = ascii_lower(plain)
            if plain != value:
                object.__setattr__(self, name, plain)

    @property
    def key(self) -> str:
        """What makes two UDIs the same device: product id, serial number and, where given, the UUID; in lower case."""
        return _key_of(self.pid, self.serial, self.uuid)

    @property
    def plain_key(self) -> str:
        """The key of the same PID and serial number without a UUID: what a request code or a list of standbys says."""
        return _key_of(self.pid, self.serial, None)

    @property
    def label(self) -> str:
        """The UDI for people."""
        text = f"PID:{self.pid} SN:{self.serial}"
        return f"{text} UUID:{self.uuid}" if self.uuid else text

    def to_dict(self) -> JsonObject:
        """The UDI as it is in files; what is absent is left out."""
        found: JsonObject = {"pid": self.pid, "serial": self.serial}
        for name in _OPTIONAL:
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        return found

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read a UDI."""
        fields = Fields(data, "udi")
        optional = {name: fields.optional_text(name, most=IDENTITY_CHARS) for name in _OPTIONAL}
        return cls(
            pid=fields.text("pid", most=IDENTITY_CHARS),
            serial=fields.text("serial", most=IDENTITY_CHARS),
            **optional,
        )


@dataclass(frozen=True, slots=True)
class UnitSet:
    """The units of one product instance: the active one, then its standbys (row C7.6)."""

    members: tuple[Udi, ...]

    @classmethod
    def of(cls, active: object, standbys: Iterable[object]) -> Self:
        """Read a set from the UDIs of its units."""
        return cls((Udi.from_dict(active), *(Udi.from_dict(each) for each in standbys)))

    @property
    def active(self) -> Udi:
        """The unit that speaks for the set."""
        return self.members[0]

    @property
    def standbys(self) -> tuple[Udi, ...]:
        """The other units."""
        return self.members[1:]

    @property
    def shown_as(self) -> set[str]:
        """The keys under which another record may show one of the units, with its UUID or without."""
        return {key for udi in self.members for key in (udi.key, udi.plain_key)}

    @property
    def open_keys(self) -> list[str]:
        """Beginnings of keys: a unit that shows no UUID may be any that shows one."""
        return [udi.plain_key for udi in self.members if udi.uuid is None]

    def find(self, key: str | None) -> Udi | None:
        """The unit of a key."""
        return next((udi for udi in self.members if udi.key == key), None)

    def of_serial(self, serial: str | None) -> Udi | None:
        """The unit of a serial number; the active one where none is named."""
        wanted = ascii_lower((serial or self.active.serial).strip())
        return next((udi for udi in self.members if ascii_lower(udi.serial) == wanted), None)

    def with_replaced(self, old: Udi, new: Udi) -> Self:
        """The set with another machine in the place of a unit."""
        return type(self)(tuple(new if udi.key == old.key else udi for udi in self.members))

    def led_by(self, active: Udi) -> Self:
        """The set with another active unit, which is one of its own; the others keep their order."""
        chosen = next(udi for udi in self.members if udi.key == active.key)
        return type(self)((chosen, *(udi for udi in self.members if udi.key != chosen.key)))

    def heir(self, keys: Collection[str | None]) -> Udi:
        """The first unit of those keys, which becomes the active one when the active one leaves."""
        return next(udi for udi in self.members if udi.key in keys)

    def standbys_without(self, key: str | None) -> list[Udi]:
        """The standbys that stay when a unit leaves."""
        return [udi for udi in self.standbys if udi.key != key]
