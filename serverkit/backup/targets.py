"""Where copies of backups go off the machine: a folder that is mounted here, or a machine with SFTP."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)
from pydantic import AfterValidator, Field, model_validator

from serverkit.errors import InvalidInputError
from serverkit.stored_settings import Stored

HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
PATH = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/@+=,: -]{0,199}")
MOST_KEYS, MOST_LETTERS = 8, 8192
Beat = Callable[[int], None]
"""Told now and then how many bytes are done, so that nobody takes the work for dead; may raise to stop it."""


def fits(form: re.Pattern[str], what: str) -> Callable[[str], str]:
    """A check that a text is of a form; an empty one is left to others."""

    def check(text: str) -> str:
        if text and not form.fullmatch(text):
            raise ValueError(f"this is no {what}")
        return text

    return check


def is_absolute(text: str) -> str:
    """A text that is an absolute path; ValueError."""
    if text and (not Path(text).is_absolute() or not text.isprintable()):
        raise ValueError("an absolute path is needed")
    return text


def read_host_keys(text: str) -> str:
    """Host keys as `type base64`, one a line, from public key files or lines of known hosts; ValueError."""
    if len(text) > MOST_LETTERS:
        raise ValueError("the host keys are too long")
    found: dict[str, None] = {}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        start = next((at for at in (0, 1) if words[at : at + 1] and words[at].startswith(("ssh-", "ecdsa-"))), None)
        key = " ".join(words[start : start + 2]) if start is not None else ""
        try:
            load_ssh_public_key(key.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("a line is no host key, such as `ssh-ed25519 AAAA…`") from None
        found[key] = None
    if len(found) > MOST_KEYS:
        raise ValueError("these are too many host keys")
    return "\n".join(found)


class Target(Stored):
    """Where copies go. `other_disk`: a folder that is not on another file system than the home counts as not mounted."""

    kind: Literal["none", "folder", "sftp"] = "none"
    folder: Annotated[str, AfterValidator(is_absolute)] = Field(default="", max_length=1000)
    other_disk: bool = True
    host: Annotated[str, AfterValidator(fits(HOST, "host name or address"))] = ""
    port: int = Field(default=22, ge=1, le=65535)
    user: Annotated[str, AfterValidator(fits(USER, "name of a user"))] = ""
    path: Annotated[str, AfterValidator(fits(PATH, "path of plain letters"))] = "."
    host_keys: Annotated[str, AfterValidator(read_host_keys)] = ""
    keep: int = Field(default=30, ge=1, le=365)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {"folder": ("folder",), "sftp": ("host", "user", "path", "host_keys"), "none": ()}[self.kind]
        if lacking := [name for name in needed if not getattr(self, name)]:
            raise ValueError(f"needed: {', '.join(lacking)}")
        return self

    @property
    def place(self) -> str:
        """The target in one line."""
        if self.kind == "folder":
            return self.folder
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sftp://{self.user}@{host}:{self.port}/{self.path}" if self.kind == "sftp" else ""

    @property
    def fingerprints(self) -> list[str]:
        """The host keys as `ssh` shows them."""
        return [fingerprint(one) for one in self.host_keys.splitlines()]


def fingerprint(public: str) -> str:
    """A public key as `ssh-keygen -l` shows it."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def new_key() -> str:
    """A private key for the target, as OpenSSH reads it."""
    return _text_of(Ed25519PrivateKey.generate())


def read_key(data: bytes) -> str:
    """A private key of a file; InvalidInputError for one that is encrypted or none."""
    try:
        return _text_of(load_ssh_private_key(data, None))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInputError("the key cannot be used: an OpenSSH key without a passphrase is needed") from error


def public_of(private: str) -> str:
    """The public key as a line of authorized keys."""
    key = load_ssh_private_key(private.encode(), None).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " perigee-backup"


def _text_of(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode())


class Place(Protocol):
    """What can be done at a target; every refusal is one of `serverkit.backup.errors`."""

    def put(self, file: Path, size: int, sha256: str, name: str, beat: Beat) -> list[str]:
        """Copy a file to its name, which it gets only when what is there was read back; what is worth a warning."""
        ...

    def names(self) -> list[str]:
        """The names of what is there."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; one that is gone is no failure."""
        ...
