"""Rows by which central tells a site what it owns and what was decided (rows S2.1, C8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from exchange.canonical import JsonObject
from exchange.fields import Fields, plain_text
from exchange.files.row import Row
from exchange.limits import KIB
from exchange.vocabulary import ExportState


@dataclass(frozen=True, slots=True)
class VirtualAccountRow(Row):
    """A virtual account of the satellite."""

    kind: ClassVar[str] = "virtual_account"
    id: str
    name: str
    description: str
    removed: bool

    @classmethod
    def read(cls, row: Fields) -> VirtualAccountRow:
        """Read the row."""
        return cls(
            id=row.identifier("id"),
            name=row.text("name", empty=False),
            description=row.text("description"),
            removed=row.flag("removed"),
        )


@dataclass(frozen=True, slots=True)
class EntitlementRow(Row):
    """A kind of licence; `products` empty or `*` means any product may use it."""

    kind: ClassVar[str] = "entitlement"
    tag: str
    name: str
    description: str
    restricted: bool
    products: tuple[str, ...]

    @classmethod
    def read(cls, row: Fields) -> EntitlementRow:
        """Read the row."""
        return cls(
            tag=row.text("tag", empty=False),
            name=row.text("name"),
            description=row.text("description"),
            restricted=row.flag("restricted"),
            products=row.items("products", plain_text, most=1000),
        )


@dataclass(frozen=True, slots=True)
class ProductRow(Row):
    """A product that may use one of the site's licences."""

    kind: ClassVar[str] = "product"
    tag: str
    pid: str
    name: str
    family: str

    @classmethod
    def read(cls, row: Fields) -> ProductRow:
        """Read the row."""
        return cls(tag=row.text("tag"), pid=row.text("pid"), name=row.text("name"), family=row.text("family"))


@dataclass(frozen=True, slots=True)
class AllotmentRow(Row):
    """A signed allotment line; the reader replaces its whole set by the lines of a file."""

    kind: ClassVar[str] = "allotment"
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> AllotmentRow:
        """Read the row."""
        return cls(envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class GrantRow(Row):
    """A signed grant for one device."""

    kind: ClassVar[str] = "grant"
    request: str
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> GrantRow:
        """Read the row."""
        return cls(request=row.identifier("request"), envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class ExportDecisionRow(Row):
    """Central's decision on a request (row C8.2)."""

    kind: ClassVar[str] = "export_decision"
    request: str
    instance: str
    tag: str
    count: int
    state: ExportState
    reason: str | None
    message: str
    grant: str | None
    decided_at: datetime

    @classmethod
    def read(cls, row: Fields) -> ExportDecisionRow:
        """Read the row."""
        return cls(
            request=row.identifier("request"),
            instance=row.identifier("instance"),
            tag=row.text("tag", empty=False),
            count=row.integer("count"),
            state=row.word("state", ExportState),
            reason=row.optional_text("reason"),
            message=row.text("message"),
            grant=row.optional_identifier("grant"),
            decided_at=row.time("decided_at"),
        )


@dataclass(frozen=True, slots=True)
class GrantReleaseRow(Row):
    """Central's signed release of a grant."""

    kind: ClassVar[str] = "grant_release"
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> GrantReleaseRow:
        """Read the row."""
        return cls(envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class PolicyRow(Row):
    """Central's policy for satellites, whole (row C10.3)."""

    kind: ClassVar[str] = "policy"
    values: JsonObject

    @classmethod
    def read(cls, row: Fields) -> PolicyRow:
        """Read the row."""
        return cls(values=row.mapping("values"))


@dataclass(frozen=True, slots=True)
class CertificatesRow(Row):
    """Renewed certificates of the satellite's identity and of its device CA (DER)."""

    kind: ClassVar[str] = "certificates"
    identity: bytes
    device_ca: bytes

    @classmethod
    def read(cls, row: Fields) -> CertificatesRow:
        """Read the row."""
        return cls(identity=row.data("identity", most=16 * KIB), device_ca=row.data("device_ca", most=16 * KIB))
