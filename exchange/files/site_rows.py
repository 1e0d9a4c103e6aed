"""Rows from a site to central: tokens, instances, claims, requests, returns, grants, events (row S2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from exchange.canonical import JsonObject
from exchange.errors import MalformedError
from exchange.fields import Fields, plain_text
from exchange.files.row import MEMBERS, Row
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.limits import JSON_INTEGER, SIGNED_BYTES, SUBJECT_BYTES
from exchange.usage import LONGEST_MONTH, MONTH, MOST_COUNT
from exchange.vocabulary import DeliveryState, InstanceState


@dataclass(frozen=True, slots=True)
class TokenRow(Row):
    """A registration token of the site: its id and hash, never the token (row S2.3)."""

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
class InstanceRow(Row):
    """A product instance of the site, as the site's privacy settings let it leave.

    `device_key` is there while the instance lives: a satellite that was restored gets it from central again. So are the
    keys of standbys that registered: `standby_keys` is empty, or has an entry for each of `standbys`. `detached_until` and
    `detached_term` are there, both, while the device is detached (row C7.8).
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
    standby_keys: tuple[PublicKey | None, ...] = ()
    detached_until: datetime | None = None
    detached_term: str | None = None

    def to_dict(self) -> JsonObject:
        """The row as a line holds it; without `standby_keys` where there are none, without a term where none runs."""
        found = Row.to_dict(self)
        if not self.standby_keys:
            del found["standby_keys"]
        if self.detached_until is None:
            del found["detached_until"], found["detached_term"]
        return found

    @classmethod
    def read(cls, row: Fields) -> InstanceRow:
        """Read the row; the hash follows from the key, and MalformedError when it does not."""
        key = PublicKey.from_dict(row.mapping("device_key")) if row.has("device_key") else None
        key_hash = row.digest("key_hash") if key is None or row.has("key_hash") else key.key_hash
        if key is not None and key.key_hash != key_hash:
            raise MalformedError("an instance's key is not the one of its hash")
        standbys = row.items("standbys", Udi.from_dict, most=MEMBERS)
        standby_keys = row.items("standby_keys", _key_or_none, most=MEMBERS) if row.has("standby_keys") else ()
        if standby_keys and len(standby_keys) != len(standbys):
            raise MalformedError("an instance's standbys and their keys do not stand side by side")
        if row.has("detached_until") != row.has("detached_term"):
            raise MalformedError("an instance's term has an end and an id, or neither")
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
            key_hash=key_hash,
            device_key=key,
            token=row.optional_identifier("token"),
            standbys=standbys,
            marks=row.items("marks", plain_text, most=MEMBERS),
            removed=row.flag("removed"),
            standby_keys=standby_keys,
            detached_until=row.optional_time("detached_until"),
            detached_term=row.optional_identifier("detached_term"),
        )


def _key_or_none(value: object) -> PublicKey | None:
    return None if value is None else PublicKey.from_dict(value)


@dataclass(frozen=True, slots=True)
class ClaimRow(Row):
    """How much of an ordinary licence an instance uses; 0 if it no longer uses it."""

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
class ExportRequestRow(Row):
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
            statement=row.mapping("statement", most_bytes=SIGNED_BYTES),
            device_key=PublicKey.from_dict(row.mapping("device_key")),
        )


@dataclass(frozen=True, slots=True)
class ExportReturnRow(Row):
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
            statement=row.mapping("statement", most_bytes=SIGNED_BYTES),
            device_key=PublicKey.from_dict(row.mapping("device_key")),
        )


@dataclass(frozen=True, slots=True)
class GrantStateRow(Row):
    """The state of a grant at the site; in a full request it carries the grant itself, for a restored central."""

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
            envelope=row.optional_mapping("envelope", most_bytes=SIGNED_BYTES),
            device_key=PublicKey.from_dict(row.mapping("device_key")) if row.has("device_key") else None,
        )


@dataclass(frozen=True, slots=True)
class UsageRow(Row):
    """What an instance used of a licence in a month (UTC): values only grow, so that an older row changes nothing (row S4.6)."""

    kind: ClassVar[str] = "usage"
    instance: str
    udi: Udi
    virtual_account: str
    tag: str
    month: str
    count: int
    unit_seconds: int
    until: datetime

    @classmethod
    def read(cls, row: Fields) -> UsageRow:
        """Read the row; the month is one that there is."""
        month = row.text("month", most=7)
        if not MONTH.fullmatch(month):
            raise MalformedError("usage.month: a year and a month are expected")
        found = cls(
            instance=row.identifier("instance"),
            udi=Udi.from_dict(row.mapping("udi")),
            virtual_account=row.identifier("virtual_account"),
            tag=row.text("tag", empty=False),
            month=month,
            count=row.integer("count", least=1, most=MOST_COUNT),
            unit_seconds=row.integer("unit_seconds", most=JSON_INTEGER),
            until=row.time("until"),
        )
        if found.unit_seconds > found.count * LONGEST_MONTH:
            raise MalformedError("usage.unit_seconds: more than the units can be used in a month")
        return found


@dataclass(frozen=True, slots=True)
class EventRow(Row):
    """Something that happened at the site; its id is random and stays the same across epochs.

    `number` says where it is among the site's events, whatever the order in the file.
    """

    kind: ClassVar[str] = "event"
    id: str
    at: datetime
    event: str
    actor: str
    message: str
    instance: str | None
    subject: JsonObject
    number: int | None = None

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
            subject=row.mapping("subject", most_bytes=SUBJECT_BYTES),
            number=row.optional_integer("number", most=JSON_INTEGER),
        )
