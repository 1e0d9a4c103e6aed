"""The synchronization request: everything that changed at a site since central's last acknowledgement (rows S2.1, S2.3).

Checks: 1 size and lines, 2 kind, 3 signature by the identity key that central knows for the named satellite,
4 manifest, 5 vendor, 6 satellite, 7 not made in the future. Its order among others is judged apart (`order`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode
from exchange.container import OpenedFile, SealedFile, open_container, split_container
from exchange.container_parts import Header
from exchange.container_writing import Lines, PackedBody, write_container
from exchange.envelope import payload_type, signer_ids, unseal
from exchange.errors import (
    ExchangeError,
    MalformedError,
    TruncatedError,
    UnknownIssuerError,
    WrongSatelliteError,
    WrongVendorError,
)
from exchange.fields import Fields
from exchange.files.authorization import check_created
from exchange.files.fast_rows import read_rows
from exchange.files.rows import RequestRow
from exchange.keys import PrivateKey, PublicKey
from exchange.vocabulary import FileKind


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One request that the site made: epoch, number, digest."""

    epoch: int
    seq: int
    digest: str

    def to_dict(self) -> JsonObject:
        """The entry."""
        return {"epoch": self.epoch, "seq": self.seq, "digest": self.digest}

    @classmethod
    def from_dict(cls, data: object) -> ChainEntry:
        """Read the entry."""
        fields = Fields(data, "chain")
        return cls(fields.integer("epoch"), fields.integer("seq"), fields.digest("digest"))


@dataclass(frozen=True, slots=True)
class Applied:
    """The newest response that the site has applied."""

    epoch: int
    rseq: int
    digest: str

    def to_dict(self) -> JsonObject:
        """The member."""
        return {"epoch": self.epoch, "rseq": self.rseq, "digest": self.digest}

    @classmethod
    def from_dict(cls, data: object) -> Applied:
        """Read the member."""
        fields = Fields(data, "applied")
        return cls(fields.integer("epoch"), fields.integer("rseq"), fields.digest("digest"))


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The manifest; `chain` names every request since the last acknowledged one, that one included."""

    vendor_id: str
    satellite: str
    epoch: int
    epoch_id: str
    seq: int
    created: datetime
    full: bool
    chain: tuple[ChainEntry, ...]
    applied: Applied
    head: JsonObject | None
    root_version: int
    software_version: str
    next_key: PublicKey | None
    next_device_ca_key: PublicKey | None

    def to_dict(self) -> JsonObject:
        """The manifest's own members."""
        return {
            "vendor_id": self.vendor_id,
            "epoch_id": self.epoch_id,
            "full": self.full,
            "chain": [entry.to_dict() for entry in self.chain],
            "applied": self.applied.to_dict(),
            "head": self.head,
            "root_version": self.root_version,
            "software_version": self.software_version,
            "next_key": self.next_key.to_dict() if self.next_key else None,
            "next_device_ca_key": self.next_device_ca_key.to_dict() if self.next_device_ca_key else None,
        }

    @classmethod
    def read(cls, manifest: Fields) -> SyncRequest:
        """Read the manifest."""
        next_key, next_ca = manifest.optional_mapping("next_key"), manifest.optional_mapping("next_device_ca_key")
        request = cls(
            vendor_id=manifest.identifier("vendor_id"),
            satellite=manifest.identifier("satellite"),
            epoch=manifest.integer("epoch", least=1),
            epoch_id=manifest.identifier("epoch_id"),
            seq=manifest.integer("number", least=1),
            created=manifest.time("created"),
            full=manifest.flag("full"),
            chain=manifest.items("chain", ChainEntry.from_dict, most=limits.CHAIN_ENTRIES),
            applied=Applied.from_dict(manifest.mapping("applied")),
            head=manifest.optional_mapping("head"),
            root_version=manifest.integer("root_version", least=1),
            software_version=manifest.text("software_version", most=255),
            next_key=PublicKey.from_dict(next_key) if next_key else None,
            next_device_ca_key=PublicKey.from_dict(next_ca) if next_ca else None,
        )
        if not request.chain:
            raise MalformedError("a request names at least what it follows")
        return request


@dataclass(frozen=True, slots=True)
class OpenedRequest:
    """A verified request with its digest, the ids of the keys that signed it, and its rows."""

    request: SyncRequest
    digest: str
    signers: tuple[str, ...]
    opened: OpenedFile

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each kind it holds."""
        return self.opened.body.counts if self.opened.body else {}

    def rows(self) -> Iterator[RequestRow]:
        """The rows, one by one."""
        for rows in self.batches():
            yield from rows

    def batches(self) -> Iterator[list[RequestRow]]:
        """The rows of each line, which are of one kind."""
        return map(read_rows, self.opened.blocks())


def pack_rows(rows: Iterable[RequestRow | Lines], *, stored: bool = False) -> PackedBody:
    """Pack the rows of a request, before its number is known."""
    return PackedBody((row if isinstance(row, Lines) else row.to_dict() for row in rows), stored=stored)


def make_sync_request(
    request: SyncRequest,
    rows: Iterable[RequestRow | Lines] | PackedBody,
    key: PrivateKey,
    out: BinaryIO,
    *,
    stored: bool = False,
) -> tuple[str, dict[str, int]]:
    """Write the file with the satellite's identity key; returns its digest and counts. A packed body is closed."""
    header = Header(FileKind.SYNC_REQUEST, request.satellite, request.epoch, request.seq, request.created)
    packed = rows if isinstance(rows, PackedBody) else pack_rows(rows, stored=stored)
    return write_container(out, header, request.to_dict(), [key], rows=packed)


def peek_satellite(data: bytes | BinaryIO) -> str:
    """The satellite that a request claims to be from; unsigned, only for finding its keys."""
    return split_container(data, FileKind.SYNC_REQUEST).header.satellite


def is_genuine(data: bytes | BinaryIO, satellite: str, keys: Mapping[str, PublicKey]) -> bool:
    """Whether one of these keys of a satellite signed what the file says of itself; its rows are not looked at.

    False as well for a file whose first three lines are cut short: nothing proves whose it is.
    """
    try:
        sealed = split_container(data, FileKind.SYNC_REQUEST)
        payload = unseal(sealed.envelope, payload_type(FileKind.SYNC_REQUEST.value), keys)
        manifest = Fields(decode(payload, max_bytes=limits.ENVELOPE_LINE_BYTES), "manifest")
        return manifest.identifier("satellite") == satellite
    except ExchangeError:
        return False


def peek_cut(data: BinaryIO) -> str | None:
    """The satellite that the first line names of a file that is cut within its first lines; None for any other."""
    try:
        split_container(data, FileKind.SYNC_REQUEST)
    except TruncatedError:
        data.seek(0)
        line = data.readline(limits.HEADER_BYTES + 1)
        return Header.parse(line[:-1]).satellite if line.endswith(b"\n") else None
    except ExchangeError:
        return None
    return None


def read_sync_request(
    data: bytes | BinaryIO, *, keys: Mapping[str, PublicKey], vendor_id: str, satellite: str, now: datetime
) -> OpenedRequest:
    """Read the file; `keys` are the identity keys that central knows for `satellite`."""
    sealed = split_container(data, FileKind.SYNC_REQUEST)
    return open_sync_request(sealed, keys=keys, vendor_id=vendor_id, satellite=satellite, now=now)


def open_sync_request(
    sealed: SealedFile, *, keys: Mapping[str, PublicKey], vendor_id: str, satellite: str, now: datetime
) -> OpenedRequest:
    """Verify and read a file whose lines are taken apart already: checks 3 to 7."""
    if sealed.header.satellite != satellite:
        raise WrongSatelliteError("the request names another satellite")
    if sealed.root_documents:
        raise MalformedError("a request contains no root")
    if not keys:
        raise UnknownIssuerError("no satellite of this name is known here")
    opened = open_container(sealed, keys)
    request = SyncRequest.read(opened.manifest)
    if request.vendor_id != vendor_id:
        raise WrongVendorError("the request is for the central of another vendor")
    check_created(request.created, now)
    # `open_container` accepts no signature but those of `keys`, so each id names a key that did sign.
    return OpenedRequest(request, opened.digest, signer_ids(sealed.envelope), opened)
