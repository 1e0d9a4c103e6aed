"""Rows of device-led conversion: a device's signed request to central, and what became of it (row C9.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from exchange.canonical import JsonObject, iso
from exchange.conversion import LINES, ConvertedLine
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.files.row import Row
from exchange.keys import PublicKey
from exchange.limits import SIGNED_BYTES
from exchange.vocabulary import ConversionState


@dataclass(frozen=True, slots=True)
class ConversionRequestRow(Row):
    """A device's signed request to convert its classic licences (row C9.5)."""

    kind: ClassVar[str] = "conversion_request"
    id: str
    instance: str
    statement: JsonObject
    device_key: PublicKey

    @classmethod
    def read(cls, row: Fields) -> ConversionRequestRow:
        """Read the row."""
        return cls(
            id=row.identifier("id"),
            instance=row.identifier("instance"),
            statement=row.mapping("statement", most_bytes=SIGNED_BYTES),
            device_key=PublicKey.from_dict(row.mapping("device_key")),
        )


@dataclass(frozen=True, slots=True)
class ConversionResultRow(Row):
    """What became of a device's request to convert its classic licences (row C9.5)."""

    kind: ClassVar[str] = "conversion_result"
    request: str
    instance: str
    state: ConversionState
    lines: tuple[ConvertedLine, ...]
    decided_at: datetime

    def to_dict(self) -> JsonObject:
        """The row as a line holds it."""
        return {
            "kind": self.kind,
            "request": self.request,
            "instance": self.instance,
            "state": self.state.value,
            "lines": [line.to_dict() for line in self.lines],
            "decided_at": iso(self.decided_at),
        }

    @classmethod
    def read(cls, row: Fields) -> ConversionResultRow:
        """Read the row; what is decided does not wait any more."""
        state = row.word("state", ConversionState)
        if state is ConversionState.PENDING:
            raise MalformedError("conversion_result.state: a decision is expected")
        return cls(
            request=row.identifier("request"),
            instance=row.identifier("instance"),
            state=state,
            lines=row.items("lines", ConvertedLine.from_dict, most=LINES),
            decided_at=row.time("decided_at"),
        )
