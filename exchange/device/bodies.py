"""Bodies of device messages and results of their answers, one pair for each operation (rows S4.1–S4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange import limits
from exchange.canonical import JsonObject, b64encode, iso
from exchange.errors import MalformedError
from exchange.fields import Fields, plain_object
from exchange.identity import Udi
from exchange.vocabulary import ClaimState, ExportState

STANDBYS = 32
ENTITLEMENTS = 512
GRANTS = 512
CERTIFICATE_BYTES = 16 * limits.KIB


@dataclass(frozen=True, slots=True)
class RegisterBody:
    """What a device reports about itself at registration."""

    token: str
    udi: Udi
    product_tag: str | None
    hostname: str | None
    software_version: str | None
    standbys: tuple[Udi, ...]
    csr: bytes

    def __repr__(self) -> str:
        """Show the device, never the token."""
        return f"RegisterBody({self.udi.label})"

    def to_dict(self) -> JsonObject:
        """The body."""
        return {
            "token": self.token,
            "udi": self.udi.to_dict(),
            "product_tag": self.product_tag,
            "hostname": self.hostname,
            "software_version": self.software_version,
            "standbys": [member.to_dict() for member in self.standbys],
            "csr": b64encode(self.csr),
        }

    @classmethod
    def from_dict(cls, data: object) -> RegisterBody:
        """Read the body."""
        fields = Fields(data, "register")
        return cls(
            token=fields.text("token", most=512),
            udi=Udi.from_dict(fields.mapping("udi")),
            product_tag=fields.optional_text("product_tag", most=255),
            hostname=fields.optional_text("hostname", most=255),
            software_version=fields.optional_text("software_version", most=255),
            standbys=fields.items("standbys", Udi.from_dict, most=STANDBYS),
            csr=fields.data("csr", most=limits.CSR_BYTES),
        )


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """The identity that a device is given."""

    instance: str
    certificate: bytes
    device_ca: bytes
    account_domain: str
    account_name: str
    virtual_account_id: str
    virtual_account_name: str
    certificate_expires: datetime
    renew_from: datetime
    export_allowed: bool

    def to_dict(self) -> JsonObject:
        """The result."""
        return {
            "instance": self.instance,
            "certificate": b64encode(self.certificate),
            "device_ca": b64encode(self.device_ca),
            "account_domain": self.account_domain,
            "account_name": self.account_name,
            "virtual_account_id": self.virtual_account_id,
            "virtual_account_name": self.virtual_account_name,
            "certificate_expires": iso(self.certificate_expires),
            "renew_from": iso(self.renew_from),
            "export_allowed": self.export_allowed,
        }

    @classmethod
    def from_dict(cls, data: object) -> RegisterResult:
        """Read the result."""
        fields = Fields(data, "registered")
        return cls(
            instance=fields.identifier("instance"),
            certificate=fields.data("certificate", most=CERTIFICATE_BYTES),
            device_ca=fields.data("device_ca", most=CERTIFICATE_BYTES),
            account_domain=fields.text("account_domain"),
            account_name=fields.text("account_name"),
            virtual_account_id=fields.identifier("virtual_account_id"),
            virtual_account_name=fields.text("virtual_account_name"),
            certificate_expires=fields.time("certificate_expires"),
            renew_from=fields.time("renew_from"),
            export_allowed=fields.flag("export_allowed"),
        )


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
class RenewIdentityBody:
    """A request for a new identity certificate of the same key."""

    csr: bytes

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"csr": b64encode(self.csr)}

    @classmethod
    def from_dict(cls, data: object) -> RenewIdentityBody:
        """Read the body."""
        return cls(csr=Fields(data, "renew_identity").data("csr", most=limits.CSR_BYTES))


@dataclass(frozen=True, slots=True)
class CertificateResult:
    """A renewed identity certificate."""

    certificate: bytes
    device_ca: bytes
    certificate_expires: datetime
    renew_from: datetime

    def to_dict(self) -> JsonObject:
        """The result."""
        return {
            "certificate": b64encode(self.certificate),
            "device_ca": b64encode(self.device_ca),
            "certificate_expires": iso(self.certificate_expires),
            "renew_from": iso(self.renew_from),
        }

    @classmethod
    def from_dict(cls, data: object) -> CertificateResult:
        """Read the result."""
        fields = Fields(data, "certificate")
        return cls(
            certificate=fields.data("certificate", most=CERTIFICATE_BYTES),
            device_ca=fields.data("device_ca", most=CERTIFICATE_BYTES),
            certificate_expires=fields.time("certificate_expires"),
            renew_from=fields.time("renew_from"),
        )


@dataclass(frozen=True, slots=True)
class TransferActiveBody:
    """Another member of the set is the active one now."""

    active: Udi

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"active": self.active.to_dict()}

    @classmethod
    def from_dict(cls, data: object) -> TransferActiveBody:
        """Read the body."""
        return cls(active=Udi.from_dict(Fields(data, "transfer_active").mapping("active")))


@dataclass(frozen=True, slots=True)
class DeregisterBody:
    """Deregistration, with the grants that the device returns."""

    returns: tuple[dict[str, Any], ...]

    def to_dict(self) -> JsonObject:
        """The body."""
        return {"returns": list(self.returns)}

    @classmethod
    def from_dict(cls, data: object) -> DeregisterBody:
        """Read the body."""
        return cls(returns=Fields(data, "deregister").items("returns", plain_object, most=GRANTS))


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
