"""The authorization file: response 0 of a new epoch (rows S1.2, C11.1).

Checks: 1 size and lines, 2 kind, 3 newer roots, 4 signature by a response key, valid when the file was made,
5 manifest, 6 vendor, 7 laboratory or real world, 8 satellite, 9 made for a registration that is pending here, 10 not
made in the future, 11 certificates are for this satellite's keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, b64encode
from exchange.certificates import verify_device_ca, verify_satellite_identity
from exchange.container import OpenedFile, open_container, split_container
from exchange.container_parts import Header
from exchange.container_writing import write_container
from exchange.envelope import signer_ids
from exchange.errors import (
    LabMismatchError,
    NotMineError,
    NotYetValidError,
    WrongSatelliteError,
    WrongVendorError,
)
from exchange.fields import Fields
from exchange.files.rows import ResponseRow, read_response_row
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import FileKind, Role


@dataclass(frozen=True, slots=True)
class Authorization:
    """What central gives a satellite: its account, its epoch and its certificates (DER)."""

    vendor_id: str
    satellite: str
    satellite_name: str
    account_id: str
    account_domain: str
    account_name: str
    export_allowed: bool
    epoch: int
    epoch_id: str
    created: datetime
    registration_digest: str
    registration_nonce: str
    identity_certificate: bytes
    device_ca_certificate: bytes
    root_version: int
    head: JsonObject

    def to_dict(self) -> JsonObject:
        """The manifest's own members."""
        return {
            "vendor_id": self.vendor_id,
            "satellite_name": self.satellite_name,
            "account_id": self.account_id,
            "account_domain": self.account_domain,
            "account_name": self.account_name,
            "export_allowed": self.export_allowed,
            "epoch_id": self.epoch_id,
            "registration_digest": self.registration_digest,
            "registration_nonce": self.registration_nonce,
            "identity_certificate": b64encode(self.identity_certificate),
            "device_ca_certificate": b64encode(self.device_ca_certificate),
            "root_version": self.root_version,
            "head": self.head,
        }

    @classmethod
    def read(cls, manifest: Fields) -> Authorization:
        """Read the manifest."""
        return cls(
            vendor_id=manifest.identifier("vendor_id"),
            satellite=manifest.identifier("satellite"),
            satellite_name=manifest.text("satellite_name"),
            account_id=manifest.identifier("account_id"),
            account_domain=manifest.text("account_domain"),
            account_name=manifest.text("account_name"),
            export_allowed=manifest.flag("export_allowed"),
            epoch=manifest.integer("epoch", least=1),
            epoch_id=manifest.identifier("epoch_id"),
            created=manifest.time("created"),
            registration_digest=manifest.digest("registration_digest"),
            registration_nonce=manifest.identifier("registration_nonce"),
            identity_certificate=manifest.data("identity_certificate", most=16 * limits.KIB),
            device_ca_certificate=manifest.data("device_ca_certificate", most=16 * limits.KIB),
            root_version=manifest.integer("root_version", least=1),
            head=manifest.mapping("head"),
        )


@dataclass(frozen=True, slots=True)
class OpenedAuthorization:
    """A verified file: what it says, its digest, the root it leads to, and its rows."""

    authorization: Authorization
    digest: str
    trust: Trust
    opened: OpenedFile

    def rows(self) -> Iterator[ResponseRow]:
        """The rows, one by one."""
        return map(read_response_row, self.opened.rows())


def make_authorization(
    authorization: Authorization,
    rows: Iterable[ResponseRow],
    key: PrivateKey,
    roots: Sequence[bytes],
    out: BinaryIO,
    *,
    stored: bool = False,
) -> tuple[str, dict[str, int]]:
    """Write the file with the response key; returns its digest and counts."""
    header = Header(FileKind.AUTHORIZATION, authorization.satellite, authorization.epoch, 0, authorization.created)
    return write_container(
        out,
        header,
        authorization.to_dict(),
        [key],
        roots=roots,
        rows=(row.to_dict() for row in rows),
        stored=stored,
    )


def read_authorization(
    data: bytes | BinaryIO,
    *,
    trust: Trust,
    satellite: str,
    pending: Mapping[str, str],
    lab: bool,
    now: datetime,
) -> OpenedAuthorization:
    """Read the file; `pending` maps the digests of the registrations that wait here to their nonces."""
    sealed = split_container(data, FileKind.AUTHORIZATION)
    trust = sealed.walk_roots(trust)
    opened = open_container(sealed, trust.keys(Role.RESPONSE))
    trust.check_issued(Role.RESPONSE, signer_ids(sealed.envelope), opened.header.created)
    authorization = Authorization.read(opened.manifest)
    if authorization.vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the file comes from the central of another vendor")
    if trust.root.lab != lab:
        raise LabMismatchError("laboratory and real world do not mix")
    if authorization.satellite != satellite:
        raise WrongSatelliteError("the file is for satellite {satellite}", satellite=authorization.satellite)
    if pending.get(authorization.registration_digest) != authorization.registration_nonce:
        raise NotMineError("the file answers a registration that does not wait here")
    check_created(authorization.created, now)
    verify_satellite_identity(authorization.identity_certificate, trust, satellite)
    verify_device_ca(authorization.device_ca_certificate, trust, satellite)
    return OpenedAuthorization(authorization, opened.digest, trust, opened)


def check_created(created: datetime, now: datetime) -> None:
    """Refuse what was made further in the future than two wrong clocks explain."""
    if created > now + timedelta(seconds=limits.CLOCK_TOLERANCE_SECONDS):
        raise NotYetValidError(
            "made at {created}, and it is {now} here", created=created.isoformat(), now=now.isoformat()
        )
