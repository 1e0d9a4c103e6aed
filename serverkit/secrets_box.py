"""Secrets at rest: a key file per home, and what is encrypted with it."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from serverkit.errors import AppError, Remedy
from serverkit.files import write_atomic
from serverkit.key_files import read_key_file
from serverkit.names import tidy_token


class SecretUnreadableError(AppError):
    """The refusal `secret_unreadable`."""

    code = "secret_unreadable"
    message = "A stored secret cannot be decrypted with this home's key."
    remedy = Remedy("Restore the key file of this home from its backup.", page="backup-and-restore.md#restore")
    status = 500


class SecretBox:
    """Encrypts short texts with a key that only this home has."""

    def __init__(self, key: bytes) -> None:
        """Use `create` or `open`."""
        self._fernet = Fernet(key)

    @classmethod
    def create(cls, path: Path) -> SecretBox:
        """Make the key file."""
        key = Fernet.generate_key()
        write_atomic(path, key)
        return cls(key)

    @classmethod
    def open(cls, path: Path) -> SecretBox:
        """Open the key file."""
        try:
            return cls(read_key_file(path, 256))
        except ValueError as error:
            raise SecretUnreadableError("the key file is damaged") from error

    def encrypt(self, text: str) -> str:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Decrypt a text."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise SecretUnreadableError("a stored secret does not fit the key file") from error

    def __repr__(self) -> str:
        """Never show the key."""
        return "SecretBox(***)"


def new_secret(prefix: str) -> str:
    """A new secret of 256 random bits, recognisable by its prefix."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_shown(text: str) -> str:
    """The hash of a secret as someone typed or pasted it, without the blanks and line ends that came along."""
    return hash_secret(tidy_token(text))


def hash_secret(text: str) -> str:
    """SHA-256 of a random secret, for looking it up; such secrets need no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
