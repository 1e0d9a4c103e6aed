"""Unsigned payloads of a device's statements about restricted licences: request and return (row S4.4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from exchange.canonical import JsonObject, iso
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.identity import Udi
from exchange.limits import TAG_CHARS
from exchange.statement import FORMAT, statement_fields


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A device's request for a total quantity of a restricted licence (row S4.4)."""

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
            tag=fields.text("tag", most=TAG_CHARS, empty=False),
            quantity=fields.integer("quantity", least=0),
            requested_at=fields.time("requested_at"),
        )


RESERVATION = "reservation"
"""What is in the place of a licence's tag where a reservation, which may hold several, is given up."""


@dataclass(frozen=True, slots=True)
class GivenUpReservation:
    """The reservation by code that a device gives up: its request, and the return code that only its maker can show."""

    request: str
    return_code: str

    def __repr__(self) -> str:
        """Show the request, never the code."""
        return f"GivenUpReservation({self.request})"

    def to_dict(self) -> JsonObject:
        """The member."""
        return {"request": self.request, "return_code": self.return_code}

    @classmethod
    def from_dict(cls, data: object) -> GivenUpReservation:
        """Read the member."""
        fields = Fields(data, "reservation")
        return cls(fields.text("request", empty=False), fields.text("return_code", most=400, empty=False))


def given_up_id(request: str) -> str:
    """The value used for a reservation in place of a grant id: the first half of its request's SHA-256."""
    return hashlib.sha256(request.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ExportReturn:
    """A device's statement that it returns a grant or a reservation and will not use it again."""

    grant: str
    instance: str
    udi: Udi
    key_hash: str
    tag: str
    quantity: int
    returned_at: datetime
    reservation: GivenUpReservation | None = None

    def to_dict(self) -> JsonObject:
        """The payload; without a reservation it has no such member."""
        more: JsonObject = {} if self.reservation is None else {"reservation": self.reservation.to_dict()}
        return {
            **more,
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
        given_up = fields.optional_mapping("reservation")
        reservation = GivenUpReservation.from_dict(given_up) if given_up is not None else None
        if reservation is not None and fields.identifier("grant") != given_up_id(reservation.request):
            raise MalformedError("export_return.grant: it does not stand for the reservation")
        return cls(
            grant=fields.identifier("grant"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            tag=fields.text("tag", most=TAG_CHARS, empty=False),
            quantity=fields.integer("quantity", least=1),
            returned_at=fields.time("returned_at"),
            reservation=reservation,
        )
