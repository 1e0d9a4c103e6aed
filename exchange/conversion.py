"""What a device says of its classic licences, and what became of them (row C9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.canonical import JsonObject, iso
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.identity import Udi
from exchange.limits import TAG_CHARS
from exchange.statement import FORMAT, statement_fields
from exchange.vocabulary import ConversionReason, ConversionState

LINES = 32
"""The most SKUs of a request."""
MOST_UNITS = 1_000_000
SKU_CHARS = 255


@dataclass(frozen=True, slots=True)
class ClassicLine:
    """How many classic licences of a SKU a device holds: a total, so that the same line again converts nothing more."""

    sku: str
    quantity: int

    def to_dict(self) -> JsonObject:
        """The line."""
        return {"sku": self.sku, "quantity": self.quantity}

    @classmethod
    def from_dict(cls, data: object) -> ClassicLine:
        """Read the line."""
        fields = Fields(data, "line")
        return cls(
            fields.text("sku", most=SKU_CHARS, empty=False), fields.integer("quantity", least=1, most=MOST_UNITS)
        )


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """A device's request to convert the classic licences that it holds."""

    request: str
    instance: str
    udi: Udi
    key_hash: str
    lines: tuple[ClassicLine, ...]
    requested_at: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "request": self.request,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "key_hash": self.key_hash,
            "lines": [line.to_dict() for line in self.lines],
            "requested_at": iso(self.requested_at),
        }

    @classmethod
    def from_dict(cls, data: object) -> ConversionRequest:
        """Read the payload."""
        fields = statement_fields(data, "conversion_request")
        lines = fields.items("lines", ClassicLine.from_dict, most=LINES)
        if not lines or len({line.sku for line in lines}) != len(lines):
            raise MalformedError("conversion_request.lines: each SKU is expected once")
        return cls(
            request=fields.identifier("request"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            lines=lines,
            requested_at=fields.time("requested_at"),
        )


@dataclass(frozen=True, slots=True)
class ConvertedLine:
    """What became of a line: `converted` of its units are smart licences of `tag`; `reason` says why others are not."""

    sku: str
    quantity: int
    converted: int
    tag: str | None
    reason: ConversionReason | None

    def to_dict(self) -> JsonObject:
        """The line."""
        return {
            "sku": self.sku,
            "quantity": self.quantity,
            "converted": self.converted,
            "tag": self.tag,
            "reason": self.reason.value if self.reason is not None else None,
        }

    @classmethod
    def from_dict(cls, data: object) -> ConvertedLine:
        """Read the line."""
        fields = Fields(data, "line")
        found = cls(
            sku=fields.text("sku", most=SKU_CHARS, empty=False),
            quantity=fields.integer("quantity", least=1, most=MOST_UNITS),
            converted=fields.integer("converted", most=MOST_UNITS),
            tag=fields.optional_text("tag", most=TAG_CHARS),
            reason=fields.word("reason", ConversionReason) if fields.has("reason") else None,
        )
        if (found.reason is None) != (found.converted == found.quantity) or found.converted > found.quantity:
            raise MalformedError("line: a reason stands exactly where units are left")
        return found


@dataclass(frozen=True, slots=True)
class ConversionAnswer:
    """The state of a request; a request that waits has no lines yet."""

    request: str
    state: ConversionState
    lines: tuple[ConvertedLine, ...] = ()
    decided_at: datetime | None = None

    def to_dict(self) -> JsonObject:
        """The result."""
        return {
            "request": self.request,
            "state": self.state.value,
            "lines": [line.to_dict() for line in self.lines],
            "decided_at": iso(self.decided_at) if self.decided_at is not None else None,
        }

    @classmethod
    def from_dict(cls, data: object) -> ConversionAnswer:
        """Read the result."""
        fields = Fields(data, "conversion")
        return cls(
            request=fields.identifier("request"),
            state=fields.word("state", ConversionState),
            lines=fields.items("lines", ConvertedLine.from_dict, most=LINES),
            decided_at=fields.optional_time("decided_at"),
        )


def state_of(lines: Sequence[ConvertedLine], now_converted: int) -> ConversionState:
    """The state of a decided request; `now_converted` is how many units it converted itself."""
    total = sum(line.converted for line in lines)
    if not total:
        return ConversionState.NOT_CONVERTED
    if any(line.reason is not None for line in lines):
        return ConversionState.PARTLY_CONVERTED
    return ConversionState.CONVERTED if now_converted else ConversionState.ALREADY_CONVERTED
