"""Who a device is: the unique device identifier (UDI) in the field's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from exchange.canonical import JsonObject
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.limits import IDENTITY_CHARS

_OPTIONAL = ("uuid", "vid", "host_identifier", "suvi", "mac_address")


@dataclass(frozen=True, slots=True)
class Udi:
    """Product id and serial number, with further identifiers where the product has them (1–255 characters each)."""

    pid: str
    serial: str
    uuid: str | None = None
    vid: str | None = None
    host_identifier: str | None = None
    suvi: str | None = None
    mac_address: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no product carries."""
        for name in ("pid", "serial", *_OPTIONAL):
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if (
                not isinstance(value, str)
                or not value.strip()
                or len(value) > IDENTITY_CHARS
                or not value.isprintable()
            ):
                raise MalformedError(f"udi.{name}: 1 to {IDENTITY_CHARS} printable characters are expected")

    @property
    def key(self) -> str:
        """What makes two UDIs the same device: product id, serial number and, where given, the UUID."""
        return "|".join((self.pid, self.serial, (self.uuid or "").replace("-", "").lower()))

    @property
    def label(self) -> str:
        """The UDI for people."""
        text = f"PID:{self.pid} SN:{self.serial}"
        return f"{text} UUID:{self.uuid}" if self.uuid else text

    def to_dict(self) -> JsonObject:
        """The UDI as it stands in files; what is absent is left out."""
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
