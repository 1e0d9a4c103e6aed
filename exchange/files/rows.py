"""Rows of the bodies. Every row is an absolute value, never an increment, so that one that comes twice changes nothing.

A satellite's request carries `token instance claim export_request export_return grant_state event`; central's
authorization and response carry `policy virtual_account entitlement product allotment grant export_decision
grant_release certificates`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from exchange.canonical import JsonObject, b64encode, iso
from exchange.errors import MalformedError
from exchange.fields import Fields, plain_text
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.limits import KIB
from exchange.vocabulary import DeliveryState, ExportState, InstanceState

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
class _Row:
    kind: ClassVar[str]

    def to_dict(self) -> JsonObject:
        """The row as a line holds it."""
        return {"kind": self.kind, **{entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}}


@dataclass(frozen=True, slots=True)
class TokenRow(_Row):
    """A registration token of the site: its id and hash, never the token (row B55)."""

    kind: ClassVar[str] = "token"
    id: str
    virtual_account: str
    description: str | None
    hash: str
    created: datetime
    created_by: str
    expires: datetime
    max_uses: int | None
    uses: int
    export_controlled: bool
    revoked: bool
    removed: bool

    @classmethod
    def read(cls, row: Fields) -> TokenRow:
        """Read the row."""
        return cls(
            id=row.identifier("id"),
            virtual_account=row.identifier("virtual_account"),
            description=row.optional_text("description"),
            hash=row.digest("hash"),
            created=row.time("created"),
            created_by=row.text("created_by"),
            expires=row.time("expires"),
            max_uses=row.optional_integer("max_uses", least=1),
            uses=row.integer("uses"),
            export_controlled=row.flag("export_controlled"),
            revoked=row.flag("revoked"),
            removed=row.flag("removed"),
        )


@dataclass(frozen=True, slots=True)
class InstanceRow(_Row):
    """A product instance of the site, as the site's privacy settings let it leave.

    `device_key` is there while the instance lives: a satellite that was put back gets it from central again.
    """

    kind: ClassVar[str] = "instance"
    id: str
    hostname: str | None
    udi: Udi
    product_tag: str | None
    software_version: str | None
    ip_address: str | None
    notes: str | None
    virtual_account: str
    registered_at: datetime
    last_contact: datetime
    certificate_expires: datetime
    state: InstanceState
    export_allowed: bool
    key_hash: str
    device_key: PublicKey | None
    token: str | None
    standbys: tuple[Udi, ...]
    marks: tuple[str, ...]
    removed: bool

    @classmethod
    def read(cls, row: Fields) -> InstanceRow:
        """Read the row; MalformedError when key and hash do not belong together."""
        key = PublicKey.from_dict(row.mapping("device_key")) if row.has("device_key") else None
        if key is not None and key.key_hash != row.digest("key_hash"):
            raise MalformedError("an instance's key is not the one of its hash")
        return cls(
            id=row.identifier("id"),
            hostname=row.optional_text("hostname"),
            udi=Udi.from_dict(row.mapping("udi")),
            product_tag=row.optional_text("product_tag"),
            software_version=row.optional_text("software_version"),
            ip_address=row.optional_text("ip_address"),
            notes=row.optional_text("notes"),
            virtual_account=row.identifier("virtual_account"),
            registered_at=row.time("registered_at"),
            last_contact=row.time("last_contact"),
            certificate_expires=row.time("certificate_expires"),
            state=row.word("state", InstanceState),
            export_allowed=row.flag("export_allowed"),
            key_hash=row.digest("key_hash"),
            device_key=key,
            token=row.optional_identifier("token"),
            standbys=row.items("standbys", Udi.from_dict, most=MEMBERS),
            marks=row.items("marks", plain_text, most=MEMBERS),
            removed=row.flag("removed"),
        )


@dataclass(frozen=True, slots=True)
class ClaimRow(_Row):
    """How much of an ordinary licence an instance uses; 0 when it uses it no more."""

    kind: ClassVar[str] = "claim"
    instance: str
    tag: str
    count: int
    since: datetime

    @classmethod
    def read(cls, row: Fields) -> ClaimRow:
        """Read the row."""
        return cls(
            instance=row.identifier("instance"),
            tag=row.text("tag", empty=False),
            count=row.integer("count"),
            since=row.time("since"),
        )


@dataclass(frozen=True, slots=True)
class ExportRequestRow(_Row):
    """A device's signed request for a restricted licence, the total that it wants (row C8.2)."""

    kind: ClassVar[str] = "export_request"
    id: str
    instance: str
    tag: str
    count: int
    requested_at: datetime
    statement: JsonObject
    device_key: PublicKey

    @classmethod
    def read(cls, row: Fields) -> ExportRequestRow:
        """Read the row."""
        return cls(
            id=row.identifier("id"),
            instance=row.identifier("instance"),
            tag=row.text("tag", empty=False),
            count=row.integer("count"),
            requested_at=row.time("requested_at"),
            statement=row.mapping("statement"),
            device_key=PublicKey.from_dict(row.mapping("device_key")),
        )


@dataclass(frozen=True, slots=True)
class ExportReturnRow(_Row):
    """A device's signed return of a grant."""

    kind: ClassVar[str] = "export_return"
    grant: str
    instance: str
    statement: JsonObject
    device_key: PublicKey

    @classmethod
    def read(cls, row: Fields) -> ExportReturnRow:
        """Read the row."""
        return cls(
            grant=row.identifier("grant"),
            instance=row.identifier("instance"),
            statement=row.mapping("statement"),
            device_key=PublicKey.from_dict(row.mapping("device_key")),
        )


@dataclass(frozen=True, slots=True)
class GrantStateRow(_Row):
    """What became of a grant at the site; in a full request it carries the grant itself, for a restored central."""

    kind: ClassVar[str] = "grant_state"
    grant: str
    generation: int
    state: DeliveryState
    at: datetime
    envelope: JsonObject | None
    device_key: PublicKey | None

    @classmethod
    def read(cls, row: Fields) -> GrantStateRow:
        """Read the row."""
        return cls(
            grant=row.identifier("grant"),
            generation=row.integer("generation", least=1),
            state=row.word("state", DeliveryState),
            at=row.time("at"),
            envelope=row.optional_mapping("envelope"),
            device_key=PublicKey.from_dict(row.mapping("device_key")) if row.has("device_key") else None,
        )


@dataclass(frozen=True, slots=True)
class EventRow(_Row):
    """Something that happened at the site; its id is random and stays the same across epochs."""

    kind: ClassVar[str] = "event"
    id: str
    at: datetime
    event: str
    actor: str
    message: str
    instance: str | None
    subject: JsonObject

    @classmethod
    def read(cls, row: Fields) -> EventRow:
        """Read the row."""
        return cls(
            id=row.identifier("id"),
            at=row.time("at"),
            event=row.text("event"),
            actor=row.text("actor"),
            message=row.text("message", most=4096),
            instance=row.optional_identifier("instance"),
            subject=row.mapping("subject"),
        )


@dataclass(frozen=True, slots=True)
class VirtualAccountRow(_Row):
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
class EntitlementRow(_Row):
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
class ProductRow(_Row):
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
class AllotmentRow(_Row):
    """A signed allotment line; the reader replaces its whole set by the lines of a file."""

    kind: ClassVar[str] = "allotment"
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> AllotmentRow:
        """Read the row."""
        return cls(envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class GrantRow(_Row):
    """A signed grant for one device."""

    kind: ClassVar[str] = "grant"
    request: str
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> GrantRow:
        """Read the row."""
        return cls(request=row.identifier("request"), envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class ExportDecisionRow(_Row):
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
class GrantReleaseRow(_Row):
    """Central's signed release of a grant."""

    kind: ClassVar[str] = "grant_release"
    envelope: JsonObject

    @classmethod
    def read(cls, row: Fields) -> GrantReleaseRow:
        """Read the row."""
        return cls(envelope=row.mapping("envelope"))


@dataclass(frozen=True, slots=True)
class PolicyRow(_Row):
    """Central's policy for satellites, whole (row C10.3)."""

    kind: ClassVar[str] = "policy"
    values: JsonObject

    @classmethod
    def read(cls, row: Fields) -> PolicyRow:
        """Read the row."""
        return cls(values=row.mapping("values"))


@dataclass(frozen=True, slots=True)
class CertificatesRow(_Row):
    """Renewed certificates of the satellite's identity and of its device CA (DER)."""

    kind: ClassVar[str] = "certificates"
    identity: bytes
    device_ca: bytes

    @classmethod
    def read(cls, row: Fields) -> CertificatesRow:
        """Read the row."""
        return cls(identity=row.data("identity", most=16 * KIB), device_ca=row.data("device_ca", most=16 * KIB))


RequestRow: TypeAlias = (
    TokenRow | InstanceRow | ClaimRow | ExportRequestRow | ExportReturnRow | GrantStateRow | EventRow
)
ResponseRow: TypeAlias = (
    VirtualAccountRow
    | EntitlementRow
    | ProductRow
    | AllotmentRow
    | GrantRow
    | ExportDecisionRow
    | GrantReleaseRow
    | PolicyRow
    | CertificatesRow
    | TokenRow
    | InstanceRow
    | ClaimRow
)

REQUEST_ROWS: Mapping[str, Callable[[Fields], RequestRow]] = {
    row.kind: row.read
    for row in (TokenRow, InstanceRow, ClaimRow, ExportRequestRow, ExportReturnRow, GrantStateRow, EventRow)
}
RESPONSE_ROWS: Mapping[str, Callable[[Fields], ResponseRow]] = {
    row.kind: row.read
    for row in (
        VirtualAccountRow,
        EntitlementRow,
        ProductRow,
        AllotmentRow,
        GrantRow,
        ExportDecisionRow,
        GrantReleaseRow,
        PolicyRow,
        CertificatesRow,
        # What central kept of the site goes back to a satellite that enters a further epoch.
        TokenRow,
        InstanceRow,
        ClaimRow,
    )
}


def read_request_row(row: JsonObject) -> RequestRow:
    """Read one row of a request."""
    reader = REQUEST_ROWS.get(row["kind"])
    if reader is None:
        raise MalformedError(f"a request holds no rows of kind {row['kind'][:40]!r}")
    return reader(Fields(row, row["kind"]))


def read_response_row(row: JsonObject) -> ResponseRow:
    """Read one row of an authorization or response."""
    reader = RESPONSE_ROWS.get(row["kind"])
    if reader is None:
        raise MalformedError(f"a response holds no rows of kind {row['kind'][:40]!r}")
    return reader(Fields(row, row["kind"]))
