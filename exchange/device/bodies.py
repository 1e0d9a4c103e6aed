"""Bodies and results of the operations about a device and its identity (rows S4.1, S4.3).

Those about licences are in `licence_bodies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange import limits
from exchange.canonical import JsonObject, b64encode, iso
from exchange.device.rules import STANDBYS
from exchange.fields import Fields, plain_object
from exchange.identity import Udi

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
