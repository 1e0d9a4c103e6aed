"""Authorization codes: what central reserved for exactly one device, signed by the grant key, as a text in XML.

Only the statement counts. What is beside it is for people, and follows from it: a text whose readable part says
something else is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from exchange import limits
from exchange.canonical import JsonObject, b64decode, b64encode, decode_object, encode, iso
from exchange.carried import HEAD_BYTES, change_of, named
from exchange.codes.secrets import MOST_UPDATES
from exchange.envelope import payload_type, payload_unverified, seal, signer_ids, unseal
from exchange.errors import AlteredError, MalformedError, TooLargeError, UnsupportedVersionError, WrongVendorError
from exchange.fields import Fields, plain_object
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import LicenceType, Role

FORMAT = 1
RESERVATION_TYPE = payload_type("reservation")
LINES = 500
MOST_TEXT = limits.STATEMENT_BYTES * 4
_STATEMENT = re.compile(r"<statement>([A-Za-z0-9+/=\s]+)</statement>")


@dataclass(frozen=True, slots=True)
class ReservedLine:
    """So much of a licence, of one term."""

    tag: str
    name: str
    quantity: int
    licence_type: LicenceType
    start: datetime | None
    end: datetime | None

    def to_dict(self) -> JsonObject:
        """The line as it is signed."""
        return {
            "tag": self.tag,
            "name": self.name,
            "quantity": self.quantity,
            "licence_type": self.licence_type.value,
            "start": iso(self.start) if self.start else None,
            "end": iso(self.end) if self.end else None,
        }

    @classmethod
    def from_dict(cls, data: object) -> ReservedLine:
        """Read a line."""
        fields = Fields(data, "line")
        return cls(
            tag=fields.text("tag", empty=False),
            name=fields.text("name"),
            quantity=fields.integer("quantity", least=1),
            licence_type=fields.word("licence_type", LicenceType),
            start=fields.optional_time("start"),
            end=fields.optional_time("end"),
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """Reserves licences for one device, identified by its request."""

    vendor_id: str
    reservation: str
    account: str
    virtual_account_id: str
    virtual_account_name: str
    instance: str
    udi: Udi
    request: str
    lines: tuple[ReservedLine, ...]
    issued: datetime
    number: int = 0  # counts the authorizations of a reservation; a device never goes back to a lower one

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "vendor_id": self.vendor_id,
            "reservation": self.reservation,
            "account": self.account,
            "virtual_account_id": self.virtual_account_id,
            "virtual_account_name": self.virtual_account_name,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "request": self.request,
            "number": self.number,
            "lines": [line.to_dict() for line in self.lines],
            "issued": iso(self.issued),
        }

    @classmethod
    def from_dict(cls, data: object) -> Reservation:
        """Read the payload."""
        fields = Fields(data, "reservation")
        if fields.integer("format", least=1) != FORMAT:
            raise UnsupportedVersionError("reservation: written in a newer format")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            reservation=fields.identifier("reservation"),
            account=fields.text("account"),
            virtual_account_id=fields.identifier("virtual_account_id"),
            virtual_account_name=fields.text("virtual_account_name"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            request=fields.text("request", empty=False),
            lines=tuple(ReservedLine.from_dict(line) for line in fields.items("lines", plain_object, most=LINES)),
            issued=fields.time("issued"),
            number=fields.integer("number", most=MOST_UPDATES),
        )


def seal_reservation(reservation: Reservation, key: PrivateKey) -> JsonObject:
    """Sign a reservation with the grant key; TooLargeError for one that no device would read."""
    payload = encode(reservation.to_dict())
    if len(payload) > limits.STATEMENT_BYTES or len(reservation.lines) > LINES:
        raise TooLargeError("{lines} lines of licences do not fit into a code", lines=len(reservation.lines))
    return seal(RESERVATION_TYPE, payload, [key])


def write_authorization_code(reservation: Reservation, envelope: JsonObject) -> str:
    """The text that a person carries to the device; TooLargeError for one that no device would read."""
    rows = [
        f"  <licence tag={quoteattr(line.tag)} name={quoteattr(line.name)} quantity={quoteattr(str(line.quantity))}"
        f" type={quoteattr(line.licence_type.value)} ends={quoteattr(iso(line.end) if line.end else 'never')}/>"
        for line in reservation.lines
    ]
    text = b64encode(json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode())
    device = (
        f"  <device pid={quoteattr(reservation.udi.pid)} serial={quoteattr(reservation.udi.serial)}"
        f" request={quoteattr(reservation.request)}/>"
    )
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<reservation format="{FORMAT}" number="{reservation.number}">',
        device,
        *rows,
        f"  <statement>{text}</statement>",
        "</reservation>",
        "",
    ]
    written = "\n".join(parts)
    if len(written) > MOST_TEXT:  # signs that XML escapes take more room here than in the statement
        raise TooLargeError("{lines} lines of licences do not fit into a code", lines=len(reservation.lines))
    return written


def _envelope(text: str) -> Any:
    if len(text) > MOST_TEXT:
        raise TooLargeError("this is longer than any authorization code")
    found = _STATEMENT.findall(text)
    if len(found) != 1:
        error = MalformedError("this is not an authorization code")
        change = change_of(text[:HEAD_BYTES].encode("utf-8", "replace"))
        raise named(error, change) if change else error
    return decode_object(b64decode("".join(found[0].split())), max_bytes=limits.STATEMENT_BYTES * 2)


def read_unverified(text: str) -> Reservation:
    """The content of a code whose signature was not checked; for display only."""
    return Reservation.from_dict(decode_object(payload_unverified(_envelope(text)), max_bytes=limits.STATEMENT_BYTES))


def open_authorization_code(text: str, trust: Trust) -> Reservation:
    """Verify an authorization code against the root.

    Raises:
        TooLargeError: it is longer than any authorization code.
        MalformedError: it is not an authorization code.
        UnknownIssuerError: no grant key that the root names signed it.
        AlteredError: the statement or the readable part was changed.
        WrongVendorError: it belongs to the central of another vendor.

    """
    envelope = _envelope(text)
    payload = unseal(envelope, RESERVATION_TYPE, trust.keys(Role.GRANT))
    reservation = Reservation.from_dict(decode_object(payload, max_bytes=limits.STATEMENT_BYTES))
    if reservation.vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the authorization code belongs to another vendor")
    trust.check_issued(Role.GRANT, signer_ids(envelope), reservation.issued)
    if "".join(text.split()) != "".join(write_authorization_code(reservation, envelope).split()):
        raise AlteredError("the readable part does not say what was signed")
    return reservation
