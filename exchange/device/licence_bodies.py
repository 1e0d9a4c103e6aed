"""Bodies and results of the operations about licences: authorizations and restricted licences (rows S4.2, S4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange.canonical import JsonObject, iso
from exchange.device.bodies import GRANTS
from exchange.errors import MalformedError
from exchange.fields import Fields, plain_object
from exchange.vocabulary import ClaimState, ExportState

ENTITLEMENTS = 512


def _quantity(value: object) -> tuple[str, int]:
    fields = Fields(value, "entitlement")
    return fields.text("tag", most=255, empty=False), fields.integer("count", least=0, most=1_000_000)


def _held(value: object) -> tuple[str, int]:
    fields = Fields(value, "installed")
    return fields.identifier("grant"), fields.integer("generation", least=1)


@dataclass(frozen=True, slots=True)
class AuthorizeBody:
    """The complete list of what a device uses, and the grants it has installed (row S4.2)."""

    entitlements: tuple[tuple[str, int], ...]
    installed: tuple[tuple[str, int], ...]
    hostname: str | None
    software_version: str | None

    def to_dict(self) -> JsonObject:
        """The body."""
        return {
            "entitlements": [{"tag": tag, "count": count} for tag, count in self.entitlements],
            "installed": [{"grant": grant, "generation": generation} for grant, generation in self.installed],
            "hostname": self.hostname,
            "software_version": self.software_version,
        }

    @classmethod
    def from_dict(cls, data: object) -> AuthorizeBody:
        """Read the body."""
        fields = Fields(data, "authorize")
        return cls(
            entitlements=fields.items("entitlements", _quantity, most=ENTITLEMENTS),
            installed=fields.items("installed", _held, most=GRANTS),
            hostname=fields.optional_text("hostname", most=255),
            software_version=fields.optional_text("software_version", most=255),
        )


@dataclass(frozen=True, slots=True)
class EntitlementAnswer:
    """The answer to a device about one licence."""

    tag: str
    count: int
    state: ClaimState
    valid_until: datetime | None

    def to_dict(self) -> JsonObject:
        """The entry."""
        until = iso(self.valid_until) if self.valid_until else None
        return {"tag": self.tag, "count": self.count, "state": self.state.value, "valid_until": until}

    @classmethod
    def from_dict(cls, data: object) -> EntitlementAnswer:
        """Read the entry."""
        fields = Fields(data, "entitlement")
        return cls(
            tag=fields.text("tag", most=255, empty=False),
            count=fields.integer("count"),
            state=fields.word("state", ClaimState),
            valid_until=fields.optional_time("valid_until"),
        )


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """The state of a request for a restricted licence."""

    request: str
    tag: str
    count: int
    state: ExportState
    reason: str | None
    message: str

    def to_dict(self) -> JsonObject:
        """The entry."""
        return {
            "request": self.request,
            "tag": self.tag,
            "count": self.count,
            "state": self.state.value,
            "reason": self.reason,
            "message": self.message,
        }

    @classmethod
    def from_dict(cls, data: object) -> ExportAnswer:
        """Read the entry."""
        fields = Fields(data, "export")
        return cls(
            request=fields.identifier("request"),
            tag=fields.text("tag", most=255, empty=False),
            count=fields.integer("count"),
            state=fields.word("state", ExportState),
            reason=fields.optional_text("reason"),
            message=fields.text("message"),
        )


@dataclass(frozen=True, slots=True)
class AuthorizeResult:
    """The signed authorization that a device keeps and verifies offline (row S4.2)."""

    issued: datetime
    valid_until: datetime
    renew_after: datetime
    entitlements: tuple[EntitlementAnswer, ...]
    allotments: tuple[dict[str, Any], ...]
    grants: tuple[dict[str, Any], ...]
    exports: tuple[ExportAnswer, ...]
    releases: tuple[dict[str, Any], ...]

    def to_dict(self) -> JsonObject:
        """The result."""
        return {
            "issued": iso(self.issued),
            "valid_until": iso(self.valid_until),
            "renew_after": iso(self.renew_after),
            "entitlements": [entry.to_dict() for entry in self.entitlements],
            "allotments": list(self.allotments),
            "grants": list(self.grants),
            "exports": [entry.to_dict() for entry in self.exports],
            "releases": list(self.releases),
        }

    @classmethod
    def from_dict(cls, data: object) -> AuthorizeResult:
        """Read the result."""
        fields = Fields(data, "authorized")
        return cls(
            issued=fields.time("issued"),
            valid_until=fields.time("valid_until"),
            renew_after=fields.time("renew_after"),
            entitlements=fields.items("entitlements", EntitlementAnswer.from_dict, most=ENTITLEMENTS),
            allotments=fields.items("allotments", plain_object, most=ENTITLEMENTS * 8),
            grants=fields.items("grants", plain_object, most=GRANTS),
            exports=fields.items("exports", ExportAnswer.from_dict, most=GRANTS),
            releases=fields.items("releases", plain_object, most=GRANTS),
        )


@dataclass(frozen=True, slots=True)
class StatementBody:
    """A device-signed request for, or return of, a restricted licence (row S4.4)."""

    statement: dict[str, Any]

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"statement": self.statement}

    @classmethod
    def from_dict(cls, data: object) -> StatementBody:
        """Read the body."""
        statement = Fields(data, "statement").mapping("statement")
        if not statement:
            raise MalformedError("an empty statement")
        return cls(statement=statement)


@dataclass(frozen=True, slots=True)
class ExportReturnResult:
    """A return was accepted; it is final when central's release arrives."""

    grant: str
    state: ExportState

    def to_dict(self) -> JsonObject:
        """The result."""
        return {"grant": self.grant, "state": self.state.value}

    @classmethod
    def from_dict(cls, data: object) -> ExportReturnResult:
        """Read the result."""
        fields = Fields(data, "returned")
        return cls(grant=fields.identifier("grant"), state=fields.word("state", ExportState))
