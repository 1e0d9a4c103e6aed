"""Small signed statements: what central says of rights, and what a device says of restricted ones.

Each opens in the same order: size and form, signature by a key for its role, payload, vendor, time of its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from exchange import limits
from exchange.canonical import JsonObject, decode_object, encode, iso
from exchange.envelope import payload_type, seal, signer_ids, unseal
from exchange.errors import ExpiredError, MalformedError, UnsupportedVersionError, WrongVendorError
from exchange.fields import Fields
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.trust import Trust
from exchange.vocabulary import Billing, LicenceType, ReleaseReason, Role

FORMAT = 1
LONGEST_RIGHT = timedelta(days=366)

ALLOTMENT_TYPE = payload_type("allotment")
GRANT_TYPE = payload_type("grant")
GRANT_RELEASE_TYPE = payload_type("grant-release")
CENTRAL_HEAD_TYPE = payload_type("central-head")
EXPORT_REQUEST_TYPE = payload_type("export-request")
EXPORT_RETURN_TYPE = payload_type("export-return")


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at is not None else None


@dataclass(frozen=True, slots=True)
class Allotment:
    """Central's word that a site owns so much of a licence; signed by the response key."""

    vendor_id: str
    satellite: str | None
    account: str
    virtual_account_id: str
    virtual_account_name: str
    tag: str
    licence_type: LicenceType
    start: datetime | None
    end: datetime | None
    quantity: int
    billing: Billing
    restricted: bool
    serial: str
    issued: datetime
    valid_until: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "vendor_id": self.vendor_id,
            "satellite": self.satellite,
            "account": self.account,
            "virtual_account_id": self.virtual_account_id,
            "virtual_account_name": self.virtual_account_name,
            "tag": self.tag,
            "licence_type": self.licence_type.value,
            "start": _iso(self.start),
            "end": _iso(self.end),
            "quantity": self.quantity,
            "billing": self.billing.value,
            "restricted": self.restricted,
            "serial": self.serial,
            "issued": iso(self.issued),
            "valid_until": iso(self.valid_until),
        }

    @classmethod
    def from_dict(cls, data: object) -> Allotment:
        """Read the payload."""
        fields = _fields(data, "allotment")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            satellite=fields.optional_identifier("satellite"),
            account=fields.text("account"),
            virtual_account_id=fields.identifier("virtual_account_id"),
            virtual_account_name=fields.text("virtual_account_name"),
            tag=fields.text("tag", empty=False),
            licence_type=fields.word("licence_type", LicenceType),
            start=fields.optional_time("start"),
            end=fields.optional_time("end"),
            quantity=fields.integer("quantity"),
            billing=fields.word("billing", Billing),
            restricted=fields.flag("restricted"),
            serial=fields.identifier("serial"),
            issued=fields.time("issued"),
            valid_until=fields.time("valid_until"),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """Central's word that exactly one device may use a restricted licence; signed by the grant key (row C8.1)."""

    vendor_id: str
    grant: str
    generation: int
    request: str
    satellite: str | None
    epoch: int
    virtual_account_id: str
    tag: str
    quantity: int
    instance: str
    udi: Udi
    key_hash: str
    not_before: datetime
    not_after: datetime
    deliver_until: datetime
    issued: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "vendor_id": self.vendor_id,
            "grant": self.grant,
            "generation": self.generation,
            "request": self.request,
            "satellite": self.satellite,
            "epoch": self.epoch,
            "virtual_account_id": self.virtual_account_id,
            "tag": self.tag,
            "quantity": self.quantity,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "key_hash": self.key_hash,
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
            "deliver_until": iso(self.deliver_until),
            "issued": iso(self.issued),
        }

    @classmethod
    def from_dict(cls, data: object) -> Grant:
        """Read the payload."""
        fields = _fields(data, "grant")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            grant=fields.identifier("grant"),
            generation=fields.integer("generation", least=1),
            request=fields.identifier("request"),
            satellite=fields.optional_identifier("satellite"),
            epoch=fields.integer("epoch"),
            virtual_account_id=fields.identifier("virtual_account_id"),
            tag=fields.text("tag", empty=False),
            quantity=fields.integer("quantity", least=1),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            not_before=fields.time("not_before"),
            not_after=fields.time("not_after"),
            deliver_until=fields.time("deliver_until"),
            issued=fields.time("issued"),
        )


@dataclass(frozen=True, slots=True)
class GrantRelease:
    """Central's word that a granted unit is free again; signed by the response key."""

    vendor_id: str
    grant: str
    satellite: str | None
    key_hash: str
    reason: ReleaseReason
    released_at: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "vendor_id": self.vendor_id,
            "grant": self.grant,
            "satellite": self.satellite,
            "key_hash": self.key_hash,
            "reason": self.reason.value,
            "released_at": iso(self.released_at),
        }

    @classmethod
    def from_dict(cls, data: object) -> GrantRelease:
        """Read the payload."""
        fields = _fields(data, "grant_release")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            grant=fields.identifier("grant"),
            satellite=fields.optional_identifier("satellite"),
            key_hash=fields.digest("key_hash"),
            reason=fields.word("reason", ReleaseReason),
            released_at=fields.time("released_at"),
        )


@dataclass(frozen=True, slots=True)
class CentralHead:
    """What central knew last of a satellite; a request carries it back, so that a restored central finds out."""

    vendor_id: str
    satellite: str
    epoch: int
    epoch_id: str
    seq: int
    rseq: int
    created: datetime

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "vendor_id": self.vendor_id,
            "satellite": self.satellite,
            "epoch": self.epoch,
            "epoch_id": self.epoch_id,
            "seq": self.seq,
            "rseq": self.rseq,
            "created": iso(self.created),
        }

    @classmethod
    def from_dict(cls, data: object) -> CentralHead:
        """Read the payload."""
        fields = _fields(data, "central_head")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            satellite=fields.identifier("satellite"),
            epoch=fields.integer("epoch"),
            epoch_id=fields.identifier("epoch_id"),
            seq=fields.integer("seq"),
            rseq=fields.integer("rseq"),
            created=fields.time("created"),
        )


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
        fields = _fields(data, "export_request")
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
        fields = _fields(data, "export_return")
        return cls(
            grant=fields.identifier("grant"),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            tag=fields.text("tag", empty=False),
            quantity=fields.integer("quantity", least=1),
            returned_at=fields.time("returned_at"),
        )


class _Payload(Protocol):
    def to_dict(self) -> JsonObject: ...


S = TypeVar("S")


def _fields(data: object, what: str) -> Fields:
    fields = Fields(data, what)
    if fields.integer("format", least=1) != FORMAT:
        raise UnsupportedVersionError(f"{what}: written in a newer format")
    return fields


def _seal(kind: str, statement: _Payload, key: PrivateKey) -> JsonObject:
    return seal(kind, encode(statement.to_dict()), [key])


def _open(kind: str, envelope: object, keys: Mapping[str, PublicKey], read: Callable[[object], S]) -> S:
    if not isinstance(envelope, dict):
        raise MalformedError("a statement is an object")
    payload = unseal(envelope, kind, keys)
    return read(decode_object(payload, max_bytes=limits.STATEMENT_BYTES))


def _check_vendor(vendor_id: str, trust: Trust) -> None:
    if vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the statement belongs to another vendor")


def seal_allotment(allotment: Allotment, key: PrivateKey) -> JsonObject:
    """Sign an allotment line with the response key."""
    return _seal(ALLOTMENT_TYPE, allotment, key)


def open_allotment(envelope: object, trust: Trust) -> Allotment:
    """Verify an allotment line against the root."""
    line = _open(ALLOTMENT_TYPE, envelope, trust.keys(Role.RESPONSE), Allotment.from_dict)
    _check_vendor(line.vendor_id, trust)
    trust.check_issued(Role.RESPONSE, signer_ids(envelope), line.issued)
    if line.valid_until - line.issued > LONGEST_RIGHT:
        raise ExpiredError("an allotment line ends at most 365 days after it was issued")
    return line


def seal_grant(grant: Grant, key: PrivateKey) -> JsonObject:
    """Sign a grant with the grant key."""
    return _seal(GRANT_TYPE, grant, key)


def open_grant(envelope: object, trust: Trust) -> Grant:
    """Verify a grant against the root; nothing but the grant key makes one."""
    grant = _open(GRANT_TYPE, envelope, trust.keys(Role.GRANT), Grant.from_dict)
    _check_vendor(grant.vendor_id, trust)
    trust.check_issued(Role.GRANT, signer_ids(envelope), grant.issued)
    if grant.not_after - grant.issued > LONGEST_RIGHT or grant.not_after <= grant.not_before:
        raise ExpiredError("a grant ends at most 365 days after it was issued")
    return grant


def seal_grant_release(release: GrantRelease, key: PrivateKey) -> JsonObject:
    """Sign the release of a grant with the response key."""
    return _seal(GRANT_RELEASE_TYPE, release, key)


def open_grant_release(envelope: object, trust: Trust) -> GrantRelease:
    """Verify the release of a grant."""
    release = _open(GRANT_RELEASE_TYPE, envelope, trust.keys(Role.RESPONSE), GrantRelease.from_dict)
    _check_vendor(release.vendor_id, trust)
    trust.check_issued(Role.RESPONSE, signer_ids(envelope), release.released_at)
    return release


def seal_central_head(head: CentralHead, key: PrivateKey) -> JsonObject:
    """Sign central's head with the response key."""
    return _seal(CENTRAL_HEAD_TYPE, head, key)


def open_central_head(envelope: object, trust: Trust) -> CentralHead:
    """Verify a head that a request carries back."""
    head = _open(CENTRAL_HEAD_TYPE, envelope, trust.keys(Role.RESPONSE), CentralHead.from_dict)
    _check_vendor(head.vendor_id, trust)
    return head


def seal_export_request(request: ExportRequest, key: PrivateKey) -> JsonObject:
    """Sign a request with the device's key."""
    return _seal(EXPORT_REQUEST_TYPE, request, key)


def open_export_request(envelope: object, key: PublicKey) -> ExportRequest:
    """Verify a device's request against the device's key."""
    request = _open(EXPORT_REQUEST_TYPE, envelope, {key.key_id: key}, ExportRequest.from_dict)
    if request.key_hash != key.key_hash:
        raise MalformedError("the request names another key than the one that signed it")
    return request


def seal_export_return(statement: ExportReturn, key: PrivateKey) -> JsonObject:
    """Sign a return with the device's key."""
    return _seal(EXPORT_RETURN_TYPE, statement, key)


def open_export_return(envelope: object, key: PublicKey) -> ExportReturn:
    """Verify a device's return against the device's key."""
    statement = _open(EXPORT_RETURN_TYPE, envelope, {key.key_id: key}, ExportReturn.from_dict)
    if statement.key_hash != key.key_hash:
        raise MalformedError("the return names another key than the one that signed it")
    return statement
