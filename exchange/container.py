"""The format of all exchange files: a readable first line, newer roots, a signed manifest and a streamed body.

    line 1   PERIGEE1 <kind> <satellite> <epoch>/<number> <created>
    line 2   a list of signed root documents, `[]` for none
    line 3   the envelope; its payload is the manifest: ids, numbers, digests of line 2 and of the body
    rest     the body: gzip of one JSON object a line, a row or a table of rows; absent where the kind has none

Reading, in this order, each check hiding those after it: 1 size, 2 line 1, 3 kind, 4 form of lines 2 and 3, 5 newer
roots each by its predecessor, 6 signature, 7 manifest against lines 1 and 2, 8 body's size and digest, 9 rows, inflated
within bounds. Bytes are refused before they are parsed; nothing is held in memory but one line.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode, decode_object, digest, encode
from exchange.carried import head_of, named, reading, text_change
from exchange.container_parts import CHUNK, FORMAT, MARK, SIZE_LIMITS, Body, Header, not_a_file
from exchange.envelope import payload_type, unseal
from exchange.errors import (
    AlteredError,
    MalformedError,
    TooLargeError,
    TruncatedError,
    UnsupportedVersionError,
    WrongKindError,
)
from exchange.fields import Fields
from exchange.keys import PublicKey
from exchange.tables import Block, TableReader
from exchange.trust import Trust
from exchange.vocabulary import FileKind


@dataclass(slots=True)
class SealedFile:
    """A parsed file whose signature was not checked yet."""

    header: Header
    root_documents: tuple[bytes, ...]
    root_line: bytes
    envelope: JsonObject
    stream: BinaryIO
    body_at: int
    total: int

    def walk_roots(self, trust: Trust) -> Trust:
        """Follow the newer roots that the file brings."""
        return trust.advance(self.root_documents)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file whose signature, lines and body digest hold."""

    header: Header
    manifest: Fields
    payload: bytes
    digest: str
    body: Body | None
    _lines: Callable[[], Iterator[bytes]]

    def rows(self) -> Iterator[JsonObject]:
        """The rows of the body, one by one; may be iterated again."""
        for block in self.blocks():
            yield from block.rows()

    def blocks(self) -> Iterator[Block]:
        """What each line holds, counted against the manifest."""
        if self.body is None:
            return
        counts: Counter[str] = Counter()
        tables, left = TableReader(), self.body.rows
        room = min(limits.BODY_BYTES, limits.UNROLLED_FREE + limits.UNROLLED_TIMES * self.body.size)
        for line in self._lines():
            block = tables.read(line)
            counts[block.kind] += block.count
            left -= block.count
            room -= block.weight or len(line)
            if left < 0:
                raise MalformedError("there are more rows than the manifest says")
            if room < 0:
                raise TooLargeError("the tables of the body unroll past its limit")
            yield block
        if dict(counts) != self.body.counts:
            raise MalformedError("the rows are not those that the manifest counts")


def split_container(data: bytes | BinaryIO, kind: FileKind | None) -> SealedFile:
    """Checks 1 to 4: take the lines apart. `kind` None takes any (for `inspect`)."""
    return reading(data, lambda: _split(data, kind))


def _split(data: bytes | BinaryIO, kind: FileKind | None) -> SealedFile:
    stream: BinaryIO = io.BytesIO(data) if isinstance(data, bytes | bytearray) else data
    total = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if total > limits.SYNC_FILE_BYTES:
        raise TooLargeError("{total} bytes; no file of this format is so large", total=total)
    if total == 0:
        raise TruncatedError("the file is empty")
    header = Header.parse(_line(stream, limits.HEADER_BYTES, first=True))
    if kind is not None and header.kind is not kind:
        raise WrongKindError(
            "the file is of the kind {found}; one of the kind {wanted} is needed",
            found=header.kind.value,
            wanted=kind.value,
        )
    if total > SIZE_LIMITS[header.kind]:
        raise TooLargeError(
            "{total} bytes; a {kind} file has at most {limit}",
            total=total,
            kind=header.kind.value,
            limit=SIZE_LIMITS[header.kind],
        )
    root_line = _line(stream, limits.ROOT_LINE_BYTES)
    documents = decode(root_line, max_bytes=limits.ROOT_LINE_BYTES)
    if not isinstance(documents, list) or not all(isinstance(entry, dict) for entry in documents):
        raise MalformedError("the second line is not a list of root documents")
    envelope_line = _line(stream, limits.ENVELOPE_LINE_BYTES)
    envelope = decode_object(envelope_line, max_bytes=limits.ENVELOPE_LINE_BYTES)
    if encode(envelope) != envelope_line or encode(documents) != root_line:
        raise AlteredError("a line was rewritten by another program")
    roots = tuple(encode(entry) for entry in documents)
    return SealedFile(header, roots, root_line, envelope, stream, stream.tell(), total)


def _line(stream: BinaryIO, most: int, *, first: bool = False) -> bytes:
    line = stream.readline(most + 1)
    if line.endswith(b"\n"):
        return line[:-1]
    if first and not MARK.startswith(line[: len(MARK)]):
        raise not_a_file()
    if len(line) > most:
        raise (
            MalformedError("the first line does not end") if first else TooLargeError("a line is longer than it can be")
        )
    raise TruncatedError("the file ends in the middle of a line")


def announced_bytes(sealed: SealedFile, keys: Mapping[str, PublicKey]) -> int:
    """The length of the whole file according to its signed manifest (checks 6 and 7); the body may still be missing."""
    _, _, body = _manifest(sealed, keys, 1)
    return sealed.body_at + (body.size if body else 0)


def _manifest(sealed: SealedFile, keys: Mapping[str, PublicKey], threshold: int) -> tuple[Fields, bytes, Body | None]:
    kind = sealed.header.kind
    payload = unseal(sealed.envelope, payload_type(kind.value), keys, threshold)
    manifest = Fields(decode(payload, max_bytes=limits.ENVELOPE_LINE_BYTES), "manifest")
    if manifest.integer("format", least=1) != FORMAT:
        raise UnsupportedVersionError("the file is written in another version of the format")
    signed = Header(
        manifest.word("kind", FileKind),
        manifest.identifier("satellite"),
        manifest.integer("epoch"),
        manifest.integer("number"),
        manifest.time("created"),
    )
    if signed != sealed.header:
        raise AlteredError("the first line does not say what was signed")
    if manifest.digest("roots") != digest(sealed.root_line):
        raise AlteredError("the second line is not the one that was signed")
    return manifest, payload, Body.from_dict(manifest.mapping("body")) if manifest.has("body") else None


def open_container(sealed: SealedFile, keys: Mapping[str, PublicKey], threshold: int = 1) -> OpenedFile:
    """Checks 6 to 8: signature, manifest against the lines, body against the manifest."""
    manifest, payload, body = _manifest(sealed, keys, threshold)
    _check_body(sealed, body)

    def lines() -> Iterator[bytes]:
        return _lines(sealed.stream, sealed.body_at)

    return OpenedFile(sealed.header, manifest, payload, digest(payload), body, lines)


def _check_body(sealed: SealedFile, body: Body | None) -> None:
    size = sealed.total - sealed.body_at
    wanted = body.size if body else 0
    if size != wanted and (change := text_change(head_of(sealed.stream, sealed.body_at, 16), 0)):
        raise named(TruncatedError() if size < wanted else AlteredError(), change)
    if size < wanted:
        raise TruncatedError("{count} bytes are missing at the end", count=wanted - size)
    if size > wanted:
        raise AlteredError("{count} bytes were added at the end", count=size - wanted)
    if body is None:
        return
    sealed.stream.seek(sealed.body_at)
    found = hashlib.sha256()
    while piece := sealed.stream.read(CHUNK):
        found.update(piece)
    if found.hexdigest() != body.sha256:
        raise AlteredError("the body is not the one that was signed")


def _lines(stream: BinaryIO, at: int) -> Iterator[bytes]:
    stream.seek(at)
    inflate = zlib.decompressobj(wbits=31)
    rest, produced = b"", 0
    while True:
        piece = inflate.unconsumed_tail or stream.read(CHUNK)
        if not piece:
            break
        try:
            text = inflate.decompress(piece, CHUNK * 4)
        except zlib.error as error:
            raise MalformedError("the body is not gzip") from error
        produced += len(text)
        if produced > limits.BODY_BYTES:
            raise TooLargeError("the body inflates past its limit")
        *lines, rest = (rest + text).split(b"\n")
        if len(rest) > limits.LINE_BYTES:
            raise TooLargeError("a line is longer than it can be")
        # The caller may read the stream elsewhere between two rows; come back to where this walk stood.
        position = stream.tell()
        yield from lines
        stream.seek(position)
        if inflate.eof:
            break
    if not inflate.eof:
        raise TruncatedError("the body ends in the middle")
    if inflate.unused_data or stream.read(1):
        raise MalformedError("something follows the body")
    if rest:
        raise MalformedError("the last row does not end")
