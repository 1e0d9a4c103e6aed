"""Unsigned payloads of central's statements: allotment lines, grants, releases, its own head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.canonical import JsonObject, iso
from exchange.identity import Udi
from exchange.statement import FORMAT, statement_fields
from exchange.vocabulary import Billing, LicenceType, ReleaseReason


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at is not None else None


@dataclass(frozen=True, slots=True)
class Allotment:
    """States how much of a licence a site owns; signed by the response key."""

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
        fields = statement_fields(data, "allotment")
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
    """Allows exactly one device to use a restricted licence; signed by the grant key (row C8.1)."""

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
        fields = statement_fields(data, "grant")
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
    """States that a granted unit is free again; signed by the response key."""

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
        fields = statement_fields(data, "grant_release")
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
    """What central last knew about a satellite; requests carry it back, so that a restored central recognizes its loss."""

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
        fields = statement_fields(data, "central_head")
        return cls(
            vendor_id=fields.identifier("vendor_id"),
            satellite=fields.identifier("satellite"),
            epoch=fields.integer("epoch"),
            epoch_id=fields.identifier("epoch_id"),
            seq=fields.integer("seq"),
            rseq=fields.integer("rseq"),
            created=fields.time("created"),
        )
