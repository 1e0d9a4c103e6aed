"""The registration file, with which a site introduces itself (row S1.2).

Checks: 1 size and lines, 2 kind, 3 the file's two keys signed it (they are beside the envelope, so that verifying
comes before parsing), 4 the manifest names the same two keys, 5 vendor, 6 laboratory or real world.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from exchange.canonical import JsonObject
from exchange.container import open_container, split_container
from exchange.container_parts import Header
from exchange.container_writing import write_container
from exchange.errors import AlteredError, LabMismatchError, MalformedError, WrongVendorError
from exchange.fields import Fields
from exchange.keys import PrivateKey, PublicKey
from exchange.trust import Trust
from exchange.vocabulary import FileKind


@dataclass(frozen=True, slots=True)
class Registration:
    """What a satellite reports about itself; `nonce` makes every file unique."""

    satellite: str
    name: str
    vendor_id: str
    root_version: int
    created: datetime
    software_version: str
    host: str
    key: PublicKey
    device_ca_key: PublicKey
    nonce: str
    lab: bool

    def to_dict(self) -> JsonObject:
        """The manifest's own members."""
        return {
            "name": self.name,
            "vendor_id": self.vendor_id,
            "root_version": self.root_version,
            "software_version": self.software_version,
            "host": self.host,
            "key": self.key.to_dict(),
            "device_ca_key": self.device_ca_key.to_dict(),
            "nonce": self.nonce,
            "lab": self.lab,
        }

    @classmethod
    def read(cls, manifest: Fields) -> Registration:
        """Read the manifest."""
        return cls(
            satellite=manifest.identifier("satellite"),
            name=manifest.text("name", empty=False, most=255),
            vendor_id=manifest.identifier("vendor_id"),
            root_version=manifest.integer("root_version", least=1),
            created=manifest.time("created"),
            software_version=manifest.text("software_version", most=255),
            host=manifest.text("host", most=255),
            key=PublicKey.from_dict(manifest.mapping("key")),
            device_ca_key=PublicKey.from_dict(manifest.mapping("device_ca_key")),
            nonce=manifest.identifier("nonce"),
            lab=manifest.flag("lab"),
        )


def make_registration(registration: Registration, identity_key: PrivateKey, device_ca_key: PrivateKey) -> bytes:
    """Write the file; both keys sign it, which proves that the satellite holds them."""
    out = io.BytesIO()
    header = Header(FileKind.REGISTRATION, registration.satellite, 0, 0, registration.created)
    keys = [identity_key.public.to_dict(), device_ca_key.public.to_dict()]
    write_container(out, header, registration.to_dict(), [identity_key, device_ca_key], beside={"keys": keys})
    return out.getvalue()


def read_registration(data: bytes | BinaryIO, *, trust: Trust | None) -> tuple[Registration, str]:
    """Read the file and the digest by which its authorization will name it; `trust` is the reader's own root."""
    sealed = split_container(data, FileKind.REGISTRATION)
    if sealed.header.epoch or sealed.header.number or sealed.root_documents:
        raise MalformedError("a registration has no epoch and contains no root")
    keys = Fields(sealed.envelope, "envelope").items("keys", PublicKey.from_dict, most=2)
    if len({key.key_id for key in keys}) != 2:
        raise MalformedError("a registration carries two different keys")
    sealed.envelope = {name: value for name, value in sealed.envelope.items() if name != "keys"}
    opened = open_container(sealed, {key.key_id: key for key in keys}, threshold=2)
    if opened.body is not None:
        raise MalformedError("a registration has no body")
    registration = Registration.read(opened.manifest)
    if (registration.key, registration.device_ca_key) != keys:
        raise AlteredError("the keys beside the envelope are not those that were signed")
    if trust is not None:
        if registration.vendor_id != trust.root.vendor_id:
            raise WrongVendorError("the satellite was made with the root of another vendor")
        if registration.lab != trust.root.lab:
            raise LabMismatchError("laboratory and real world do not mix")
    return registration, opened.digest
