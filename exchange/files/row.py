"""What every row of a body has in common: a kind, and how it is in a line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from exchange.canonical import JsonObject, b64encode, iso
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.weight import json_bytes

MEMBERS = 64


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Udi | PublicKey):
        return value.to_dict()
    if isinstance(value, bytes):
        return b64encode(value)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value


@dataclass(frozen=True, slots=True)
class Row:
    """One row; what it holds are absolute values."""

    kind: ClassVar[str]

    def to_dict(self) -> JsonObject:
        """The row as a line holds it."""
        return {"kind": self.kind, **{entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}}


def signed_bytes(row: Row) -> int:
    """How much of a row is a signed object that is kept as it stands."""
    signed = getattr(row, "statement", None) or getattr(row, "envelope", None)
    return json_bytes(signed) if signed else 0
