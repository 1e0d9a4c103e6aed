"""Writing exchange files; their form is described in `exchange.container`."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode, digest, encode, iso
from exchange.container_parts import CHUNK, FORMAT, SPOOL_BYTES, Body, Header
from exchange.envelope import payload_type, seal
from exchange.keys import PrivateKey
from exchange.packing import HashingFile, write_beside
from exchange.stored_gzip import stored_gzip


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one kind in canonical form, each ended by a line feed, and how many rows they stand for."""

    kind: str
    count: int
    data: bytes


def write_container(
    out: BinaryIO,
    header: Header,
    manifest: JsonObject,
    keys: Sequence[PrivateKey],
    *,
    roots: Sequence[bytes] = (),
    rows: Iterable[JsonObject | Lines] | PackedBody | None = None,
    stored: bool = False,
    beside: JsonObject | None = None,
) -> tuple[str, dict[str, int]]:
    """Write a file; returns the digest of its signed manifest and the counts of its rows by kind.

    `stored` writes an uncompressed body, byte-stable on every zlib, for golden files. `beside` adds unsigned members to
    the envelope's line (the keys of a registration).
    """
    root_line = encode([decode(document, max_bytes=limits.ROOT_FILE_BYTES) for document in roots])
    with _packed(rows, stored=stored) as packed:
        body = packed.body if packed else None
        payload = encode(
            {
                **manifest,
                "format": FORMAT,
                "kind": header.kind.value,
                "satellite": header.satellite,
                "epoch": header.epoch,
                "number": header.number,
                "created": iso(header.created),
                "roots": digest(root_line),
                "body": body.to_dict() if body else None,
            }
        )
        envelope = {**seal(payload_type(header.kind.value), payload, keys), **(beside or {})}
        out.write(header.line() + b"\n" + root_line + b"\n" + encode(envelope) + b"\n")
        if packed:
            packed.copy_to(out)
    return digest(payload), body.counts if body else {}


class PackedBody:
    """A body that was packed before the file that it is for is signed; to be closed, which throws it away."""

    def __init__(self, rows: Iterable[JsonObject | Lines], *, stored: bool = False) -> None:
        """Pack the rows."""
        self._spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - closed by close
        try:
            self.body = _write_body(self._spool, rows, stored=stored)
        except BaseException:
            self._spool.close()
            raise

    def copy_to(self, out: BinaryIO) -> None:
        """Write the packed bytes."""
        self._spool.seek(0)
        shutil.copyfileobj(self._spool, out, CHUNK)

    def close(self) -> None:
        """Throw the packed bytes away."""
        self._spool.close()


@contextmanager
def _packed(rows: Iterable[JsonObject | Lines] | PackedBody | None, *, stored: bool) -> Iterator[PackedBody | None]:
    packed = PackedBody(rows, stored=stored) if rows is not None and not isinstance(rows, PackedBody) else rows
    try:
        yield packed
    finally:
        if packed is not None:
            packed.close()


def _write_body(
    spool: tempfile.SpooledTemporaryFile[bytes], rows: Iterable[JsonObject | Lines], *, stored: bool
) -> Body:
    target = HashingFile(spool)
    counts: Counter[str] = Counter()
    pieces = _pieces(rows, counts)
    if stored:
        target.write(stored_gzip(b"".join(pieces)))
    else:
        with gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=6, mtime=0) as packed:
            write_beside(packed, pieces)
    return Body(target.sha256.hexdigest(), target.size, counts.total(), dict(sorted(counts.items())))


def _pieces(rows: Iterable[JsonObject | Lines], counts: Counter[str]) -> Iterator[bytes]:
    waiting = bytearray()
    for row in rows:
        if isinstance(row, Lines):
            counts[row.kind] += row.count
            waiting += row.data
        else:
            counts[row["kind"]] += 1
            waiting += encode(row) + b"\n"
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
