"""The synchronization response from central to a site (rows S2.1, C11.2).

Checks: 1 size and lines, 2 kind, 3 newer roots, 4 signature by a response key, valid when the file was made,
5 manifest, 6 vendor, 7 laboratory or real world, 8 satellite, 9 not made in the future. Whether it is the newest, and
answers a request of this machine, is judged apart (`order`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from exchange.canonical import JsonObject
from exchange.container import OpenedFile, open_container, split_container
from exchange.container_parts import Header
from exchange.container_writing import write_container
from exchange.envelope import signer_ids
from exchange.errors import LabMismatchError, WrongSatelliteError, WrongVendorError
from exchange.fields import Fields
from exchange.files.authorization import check_created
from exchange.files.rows import ResponseRow, read_response_row
from exchange.files.sync_request import Applied
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import FileKind, Role


@dataclass(frozen=True, slots=True)
class SyncResponse:
    """The manifest; `base` is the response from which the rows are a difference."""

    vendor_id: str
    satellite: str
    epoch: int
    epoch_id: str
    rseq: int
    created: datetime
    answers_seq: int
    answers_digest: str
    base: Applied
    full: bool
    head: JsonObject
    root_version: int

    def to_dict(self) -> JsonObject:
        """The manifest's own members."""
        return {
            "vendor_id": self.vendor_id,
            "epoch_id": self.epoch_id,
            "answers_seq": self.answers_seq,
            "answers_digest": self.answers_digest,
            "base": self.base.to_dict(),
            "full": self.full,
            "head": self.head,
            "root_version": self.root_version,
        }

    @classmethod
    def read(cls, manifest: Fields) -> SyncResponse:
        """Read the manifest."""
        return cls(
            vendor_id=manifest.identifier("vendor_id"),
            satellite=manifest.identifier("satellite"),
            epoch=manifest.integer("epoch", least=1),
            epoch_id=manifest.identifier("epoch_id"),
            rseq=manifest.integer("number", least=1),
            created=manifest.time("created"),
            answers_seq=manifest.integer("answers_seq", least=1),
            answers_digest=manifest.digest("answers_digest"),
            base=Applied.from_dict(manifest.mapping("base")),
            full=manifest.flag("full"),
            head=manifest.mapping("head"),
            root_version=manifest.integer("root_version", least=1),
        )


@dataclass(frozen=True, slots=True)
class OpenedResponse:
    """A verified response: what it says, its digest, the root it leads to, and its rows."""

    response: SyncResponse
    digest: str
    trust: Trust
    opened: OpenedFile

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each kind it holds."""
        return self.opened.body.counts if self.opened.body else {}

    def rows(self) -> Iterator[ResponseRow]:
        """The rows, one by one."""
        return map(read_response_row, self.opened.rows())


def make_sync_response(
    response: SyncResponse,
    rows: Iterable[ResponseRow],
    key: PrivateKey,
    roots: Sequence[bytes],
    out: BinaryIO,
    *,
    stored: bool = False,
) -> tuple[str, dict[str, int]]:
    """Write the file with the response key; returns its digest and counts."""
    header = Header(FileKind.SYNC_RESPONSE, response.satellite, response.epoch, response.rseq, response.created)
    return write_container(
        out, header, response.to_dict(), [key], roots=roots, rows=(row.to_dict() for row in rows), stored=stored
    )


def read_sync_response(
    data: bytes | BinaryIO, *, trust: Trust, satellite: str, lab: bool, now: datetime
) -> OpenedResponse:
    """Read the file against the satellite's own trust."""
    sealed = split_container(data, FileKind.SYNC_RESPONSE)
    trust = sealed.walk_roots(trust)
    opened = open_container(sealed, trust.keys(Role.RESPONSE))
    trust.check_issued(Role.RESPONSE, signer_ids(sealed.envelope), opened.header.created)
    response = SyncResponse.read(opened.manifest)
    if response.vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the file comes from the central of another vendor")
    if trust.root.lab != lab:
        raise LabMismatchError("laboratory and real world do not mix")
    if response.satellite != satellite:
        raise WrongSatelliteError("the file is for satellite {satellite}", satellite=response.satellite)
    check_created(response.created, now)
    return OpenedResponse(response, opened.digest, trust, opened)
