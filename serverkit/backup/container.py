"""The backup's file: a readable first line, then pieces under ChaCha20-Poly1305 with a key from the passphrase (scrypt).

First line: `PERIGEE-BACKUP` and a JSON object with format, product, program version, time and the parameters of the key;
it is authenticated with every piece. Each piece has its number and whether it is the last in its nonce, so that pieces
cannot be dropped, swapped or cut off. Inside: the manifest with its length before it, then the files one after another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from serverkit.backup.errors import BackupDamagedError, BackupLockedError, BackupTooNewError, NotABackupError

MAGIC = b"PERIGEE-BACKUP "
FORMAT = 1
PIECE = 1024 * 1024
TAG = 16
HEADER_BYTES = 4096
MANIFEST_BYTES = 4 * 1024 * 1024
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
_MOST_N = 2**20


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: what the file is, and how its key is made."""

    format: int
    product: str
    program: str
    created: str
    n: int
    r: int
    p: int
    salt: str
    nonce: str
    check: str

    def line(self) -> bytes:
        """The line, as it is in the file."""
        return MAGIC + json.dumps(asdict(self), sort_keys=True).encode() + b"\n"

    def derive(self, passphrase: bytes) -> tuple[bytes, str]:
        """The key of this file, and what tells a wrong passphrase from a changed file."""
        server = Scrypt(salt=base64.b64decode(self.salt), length=64, n=self.n, r=self.r, p=self.p).derive(passphrase)
        return server[:32], hashlib.sha256(server[32:]).hexdigest()[:16]

    def key(self, passphrase: bytes) -> ChaCha20Poly1305:
        """The key of this file; BackupLockedError for another passphrase."""
        key, check = self.derive(passphrase)
        if not hmac.compare_digest(check, self.check):
            raise BackupLockedError
        return ChaCha20Poly1305(key)


def passphrase_bytes(given: str | bytes) -> bytes:
    """A passphrase as keys are derived from it, however it was given: without the blanks and line ends around it."""
    return (given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given).strip()


def new_header(product: str, program: str, created: str, passphrase: bytes) -> Header:
    """A header with a fresh salt and nonce."""
    salt, nonce = (base64.b64encode(secrets.token_bytes(size)).decode() for size in (16, 7))
    bare = Header(FORMAT, product, program, created, SCRYPT_N, SCRYPT_R, SCRYPT_P, salt, nonce, "")
    return replace(bare, check=bare.derive(passphrase)[1])


def read_header(file: BinaryIO) -> Header:
    """Read the first line; what it says of the key is bounded before it is used."""
    line = file.readline(HEADER_BYTES)
    if not line.startswith(MAGIC):
        raise NotABackupError
    try:
        data: Any = json.loads(line[len(MAGIC) :])
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise BackupDamagedError("the first line cannot be read")
        if data["format"] > FORMAT:
            raise BackupTooNewError(
                "the backup has format {format}, this program knows {known}", format=data["format"], known=FORMAT
            )
        header = Header(**data)
        lengths = (len(base64.b64decode(header.salt)), len(base64.b64decode(header.nonce)))
        numbers = (header.n, header.r, header.p)
        sound = lengths == (16, 7) and numbers[1:] == (SCRYPT_R, SCRYPT_P) and 2**14 <= header.n <= _MOST_N
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise BackupDamagedError("the first line cannot be read") from error
    if not sound or header.n & (header.n - 1) or header.line() != line:
        raise BackupDamagedError("the first line was changed")
    return header


def _nonce(header: Header, number: int, *, last: bool) -> bytes:
    return base64.b64decode(header.nonce) + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def write_pieces(out: BinaryIO, header: Header, passphrase: bytes, parts: Iterator[bytes]) -> None:
    """Encrypt a stream."""
    key, line = header.key(passphrase), header.line()
    out.write(line)
    number, held = 0, bytearray()
    for part in parts:
        held += part
        while len(held) > PIECE:
            out.write(key.encrypt(_nonce(header, number, last=False), bytes(held[:PIECE]), line))
            del held[:PIECE]
            number += 1
    out.write(key.encrypt(_nonce(header, number, last=True), bytes(held), line))


def read_pieces(file: BinaryIO, header: Header, passphrase: bytes) -> Iterator[bytes]:
    """Decrypt a stream; BackupLockedError for a wrong passphrase, BackupDamagedError for a changed file."""
    key, line = header.key(passphrase), header.line()
    number, data = 0, file.read(PIECE + TAG)
    while True:
        after = file.read(PIECE + TAG)
        try:
            yield key.decrypt(_nonce(header, number, last=not after), data, line)
        except InvalidTag as error:
            raise BackupDamagedError("a part of the backup was changed or is missing") from error
        if not after:
            return
        number, data = number + 1, after


class Reading:
    """Takes exact lengths from a stream of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Read on from the first piece."""
        self._pieces = pieces
        self._held = b""

    def take(self, size: int) -> Iterator[bytes]:
        """Exactly `size` bytes, piece by piece."""
        while size:
            if not self._held:
                self._held = next(self._pieces, b"")
                if not self._held:
                    raise BackupDamagedError("the backup ends too early")
            part, self._held = self._held[:size], self._held[size:]
            size -= len(part)
            yield part

    def whole(self, size: int, most: int) -> bytes:
        """A short part at once."""
        if size > most:
            raise BackupDamagedError("a part of the backup is larger than it can be")
        return b"".join(self.take(size))

    def ended(self) -> bool:
        """Whether nothing follows; every piece was authenticated then."""
        return not self._held and next(self._pieces, None) is None


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(PIECE):
            found.update(data)
            size += len(data)
    return size, found.hexdigest()


def synced(file: BinaryIO) -> None:
    """Make a file's content last."""
    file.flush()
    os.fsync(file.fileno())
