"""What a device says of restricted rights: its request and its return; payloads, not yet signed (row S4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.canonical import JsonObject, iso
from exchange.identity import Udi
from exchange.statement import FORMAT, statement_fields


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A device's own word that it wants so much of a restricted licence in all (row S4.4)."""

    request: str
    instance: str
    udi: Udi
    key_hash: str
    tag: str
    quantity: int
    requested_at: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "request": self.request,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "key_hash": self.key_hash,
            "tag": self.tag,
            "quantity": self.quantity,
            "requested_at": iso(self.requested_at),
        }

    @classmethod
    def from_dict(cls, data: object) -> ExportRequest:
        """Read the payload."""
        fields = statement_fields(data, "export_request")
        return cls(
            request=fields.identifier("request"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            tag=fields.text("tag", empty=False),
            quantity=fields.integer("quantity", least=0),
            requested_at=fields.time("requested_at"),
        )


@dataclass(frozen=True, slots=True)
class ExportReturn:
    """A device's own word that it gives a grant back and will not use it again."""

    grant: str
    instance: str
    udi: Udi
    key_hash: str
    tag: str
    quantity: int
    returned_at: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "grant": self.grant,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "key_hash": self.key_hash,
            "tag": self.tag,
            "quantity": self.quantity,
            "returned_at": iso(self.returned_at),
        }

    @classmethod
    def from_dict(cls, data: object) -> ExportReturn:
        """Read the payload."""
        fields = statement_fields(data, "export_return")
        return cls(
            grant=fields.identifier("grant"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            tag=fields.text("tag", empty=False),
            quantity=fields.integer("quantity", least=1),
            returned_at=fields.time("returned_at"),
        )
