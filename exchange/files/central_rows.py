"""Rows from central to a site: what the site owns and what central decided (rows S2.1, C8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from exchange.canonical import JsonObject, iso
from exchange.fields import Fields, plain_text
from exchange.files.row import Row
from exchange.limits import KIB, PRODUCTS, SIGNED_BYTES
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
            products=row.items("products", plain_text, most=PRODUCTS),
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
        return cls(envelope=row.mapping("envelope", most_bytes=SIGNED_BYTES))


@dataclass(frozen=True, slots=True)
class GrantRow(Row):
    """A signed grant for one device."""

    kind: ClassVar[str] = "grant"
    request: str
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> GrantRow:
        """Read the row."""
        return cls(request=row.identifier("request"), envelope=row.mapping("envelope", most_bytes=SIGNED_BYTES))


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
        return cls(envelope=row.mapping("envelope", most_bytes=SIGNED_BYTES))


@dataclass(frozen=True, slots=True)
class PendingAgreement:
    """The version of the licensing agreement that the account has yet to accept, and since when (row C1.4)."""

    version: int
    since: datetime

    def to_dict(self) -> JsonObject:
        """The object as a row holds it."""
        return {"version": self.version, "since": iso(self.since)}

    @classmethod
    def read(cls, data: JsonObject) -> PendingAgreement:
        """Read the object."""
        fields = Fields(data, "policy.agreement")
        return cls(fields.integer("version", least=1), fields.time("since"))


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of the satellite and its account, and what the vendor permits the account."""

    satellite: str
    account: str
    account_number: int
    export_allowed: bool

    def to_dict(self) -> JsonObject:
        """The object as a row holds it."""
        return {
            "satellite": self.satellite,
            "account": self.account,
            "account_number": self.account_number,
            "export_allowed": self.export_allowed,
        }

    @classmethod
    def read(cls, data: JsonObject) -> Naming:
        """Read the object."""
        fields = Fields(data, "policy.naming")
        return cls(
            satellite=fields.text("satellite", empty=False),
            account=fields.text("account", empty=False),
            account_number=fields.integer("account_number"),
            export_allowed=fields.flag("export_allowed"),
        )


@dataclass(frozen=True, slots=True)
class PolicyRow(Row):
    """Central's policy for satellites, whole (row C10.3); no `agreement` means that none is pending."""

    kind: ClassVar[str] = "policy"
    values: JsonObject
    agreement: PendingAgreement | None = None
    naming: Naming | None = None

    def to_dict(self) -> JsonObject:
        """The row as a line holds it; what is not said is left out."""
        more = {"agreement": self.agreement, "naming": self.naming}
        said = {name: part.to_dict() for name, part in more.items() if part is not None}
        return {"kind": self.kind, "values": self.values, **said}

    @classmethod
    def read(cls, row: Fields) -> PolicyRow:
        """Read the row."""
        agreement, naming = row.optional_mapping("agreement"), row.optional_mapping("naming")
        return cls(
            values=row.mapping("values"),
            agreement=PendingAgreement.read(agreement) if agreement is not None else None,
            naming=Naming.read(naming) if naming is not None else None,
        )


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
