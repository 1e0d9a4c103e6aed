"""Reads an update file, which `make bundle` makes: nothing inside is believed before signature and digests are verified.

The file is an archive (tar, not compressed) with one folder: `SHA256SUMS` names every file with its digest,
`SHA256SUMS.sig` is its Ed25519 signature by the vendor's release key, `bundle.json` says version, Debian and architecture.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from serverkit.updates.errors import (
    UpdateAlteredError,
    UpdateKeyMissingError,
    UpdateNotNewerError,
    UpdateNotTrustedError,
    UpdateOtherSystemError,
    UpdateUnreadableError,
)

KEY_FILES = (Path("/usr/share/perigee/release.pem"), Path("/etc/perigee/release.pem"))
"""Where the machine itself keeps the vendor's release keys; a file of several keys trusts each."""
SUMS, SIGNATURE, MANIFEST = "SHA256SUMS", "SHA256SUMS.sig", "bundle.json"
MOST_BYTES, MOST_FILES, MOST_SUMS, MOST_SMALL = 2 * 1024**3, 2000, 1024 * 1024, 64 * 1024
PIECE = 1024 * 1024
_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~:%-]{0,199}")
_SUM = re.compile(r"([0-9a-f]{64})  \./(.+)")
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class System:
    """What an update has to fit: the code name of the Debian, its name of the architecture."""

    debian: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Update:
    """A verified update: what it is for, and its files by path with their digests."""

    version: str
    system: System
    sha256: str
    size: int
    files: dict[str, str]

    def packages(self) -> list[str]:
        """Paths of the vendor's own packages."""
        return sorted(name for name in self.files if name.startswith("packages/") and name.endswith(".deb"))


def this_system() -> System:
    """The Debian and the architecture of this machine."""
    try:
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        codename = ""
    return System(codename, MACHINES.get(platform.machine(), platform.machine()))


def release_keys(files: Sequence[Path] = KEY_FILES) -> list[Ed25519PublicKey]:
    """The vendor's release keys of this machine; UpdateKeyMissingError where there is none."""
    found: list[Ed25519PublicKey] = []
    for file in files:
        try:
            text = file.read_bytes()[:MOST_SMALL]
        except OSError:
            continue
        for pem in _KEY.findall(text):
            try:
                key = load_pem_public_key(pem + b"\n")
            except ValueError as error:
                raise UpdateKeyMissingError("{file} holds no usable key", file=str(file)) from error
            if isinstance(key, Ed25519PublicKey):
                found.append(key)
    if not found:
        raise UpdateKeyMissingError
    return found


def version_of(text: str) -> tuple[int, ...]:
    """A version as it is compared; UpdateUnreadableError for what is none."""
    if not _VERSION.fullmatch(text):
        raise UpdateUnreadableError("{text!r} is no version", text=text[:40])
    return tuple(int(part) for part in text.split("."))


def verify_update(stream: BinaryIO, keys: Sequence[Ed25519PublicKey]) -> Update:
    """Verify signature and every digest of an update file, read once from its beginning.

    UpdateUnreadableError, UpdateNotTrustedError, UpdateAlteredError.
    """
    stream.seek(0)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads like any file
    size = stream.tell()
    found: dict[str, str] = {}
    small: dict[str, bytes] = {}
    for name, entry in members(stream):
        digest, kept = hashlib.sha256(), b""
        while piece := entry.read(PIECE):
            digest.update(piece)
            if name in {SUMS, SIGNATURE, MANIFEST}:
                kept += piece
                if len(kept) > (MOST_SUMS if name == SUMS else MOST_SMALL):
                    raise UpdateUnreadableError("{name} is too large", name=name)
        found[name] = digest.hexdigest()
        if kept:
            small[name] = kept
    if SUMS not in small or SIGNATURE not in small:
        raise UpdateUnreadableError("{name} is missing", name=SIGNATURE if SUMS in small else SUMS)
    if not any(_is_signed(key, small[SUMS], small[SIGNATURE]) for key in keys):
        raise UpdateNotTrustedError
    _compare(found, _listed(small[SUMS]))
    version, system = _manifest(small.get(MANIFEST, b""))
    files = {name: digest for name, digest in found.items() if name not in {SUMS, SIGNATURE}}
    return Update(version, system, sha256, size, files)


def refuse_unfit(update: Update, running: str, system: System) -> None:
    """Refuse what is not for this machine or not newer; UpdateOtherSystemError, UpdateNotNewerError."""
    if update.system != system:
        wanted, here = update.system, system
        raise UpdateOtherSystemError(
            "the update is for {debian} on {architecture}, this is {here}",
            debian=wanted.debian, architecture=wanted.architecture, here=f"{here.debian} on {here.architecture}",
        )  # fmt: skip
    if version_of(update.version) <= version_of(running):
        raise UpdateNotNewerError(
            "the update is version {version}, and {running} runs", version=update.version, running=running
        )


def members(stream: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
    """The files of an archive by their path below its one folder; UpdateUnreadableError for anything else in it."""
    stream.seek(0)
    seen: set[str] = set()
    top, total = "", 0
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for entry in archive:
                parts = entry.name.split("/")
                top = top or parts[0]
                total += entry.size
                plain = parts[0] == top and 1 <= len(parts) <= 4 and all(_PART.fullmatch(part) for part in parts)
                if not plain or not (entry.isreg() or entry.isdir()) or total > MOST_BYTES or len(seen) >= MOST_FILES:
                    raise UpdateUnreadableError("{name!r} has no place in an update file", name=entry.name[:80])
                if entry.isdir():
                    continue
                name = "/".join(parts[1:])
                content = archive.extractfile(entry)
                if not name or name in seen or content is None:
                    raise UpdateUnreadableError("{name!r} is in it twice", name=entry.name[:80])
                seen.add(name)
                yield name, content  # type: ignore[misc]  # the library names it more generally
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise UpdateUnreadableError from error


def _is_signed(key: Ed25519PublicKey, data: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _listed(data: bytes) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in data.decode("ascii", "replace").splitlines():
        found = _SUM.fullmatch(line)
        if found is None or found[2] in listed:
            raise UpdateUnreadableError("the list of digests has a wrong line")
        listed[found[2]] = found[1]
    return listed


def _compare(found: dict[str, str], listed: dict[str, str]) -> None:
    inside = {name: digest for name, digest in found.items() if name not in {SUMS, SIGNATURE}}
    for name in sorted(inside.keys() | listed.keys()):
        if inside.get(name) != listed.get(name):
            what = "missing" if name not in inside else "not listed" if name not in listed else "altered"
            raise UpdateAlteredError("{name} is {what}", name=name[:200], what=what)


def _manifest(data: bytes) -> tuple[str, System]:
    try:
        said = json.loads(data)
        version, debian, architecture = said["version"], said["debian"], said["architecture"]
    except (ValueError, KeyError, TypeError) as error:
        raise UpdateUnreadableError("{name} is missing or wrong", name=MANIFEST) from error
    if not all(isinstance(one, str) for one in (version, debian, architecture)):
        raise UpdateUnreadableError("{name} is missing or wrong", name=MANIFEST)
    version_of(version)
    return version, System(debian, architecture)
