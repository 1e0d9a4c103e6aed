"""Keys of suite 1: Ed25519. The stored key says its suite; a message never chooses an algorithm."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exchange.canonical import JsonObject, b64encode
from exchange.errors import MalformedError, UnsupportedVersionError
from exchange.fields import Fields

SUITE = 1
RAW_BYTES = 32
KEY_ID_DIGITS = 32
"""How many digits of a key's hash are its id."""


@dataclass(frozen=True)
class PublicKey:
    """A public key; equal keys have equal ids."""

    raw: bytes
    suite: int = SUITE

    def __post_init__(self) -> None:
        """Refuse what is not a key of a known suite."""
        if self.suite != SUITE:
            raise UnsupportedVersionError("key suite {suite} is not known", suite=self.suite)
        if len(self.raw) != RAW_BYTES:
            raise MalformedError("a public key has 32 bytes")

    @cached_property
    def key_hash(self) -> str:
        """SHA-256 of the key, 64 hexadecimal digits."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def key_id(self) -> str:
        """The first digits of the hash: names the key in signatures."""
        return self.key_hash[:KEY_ID_DIGITS]

    @property
    def short(self) -> str:
        """The fingerprint in groups, for two people to compare."""
        return " ".join(self.key_hash[start : start + 4] for start in range(0, 32, 4))

    @cached_property
    def _handle(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Say whether this key made the signature over the data."""
        try:
            self._handle.verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def to_dict(self) -> JsonObject:
        """The key as it is in files."""
        return {"suite": self.suite, "public": b64encode(self.raw)}

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read a key from a file."""
        fields = Fields(data, "key")
        return cls(raw=fields.data("public", most=64), suite=fields.integer("suite", least=1, most=1000))


class PrivateKey:
    """A private key; its representation never shows it."""

    def __init__(self, handle: Ed25519PrivateKey) -> None:
        """Use `generate`, `from_seed` or `from_pem`."""
        self._handle = handle
        self.public = PublicKey(
            handle.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        )

    @property
    def handle(self) -> Ed25519PrivateKey:
        """The key for signing certificates."""
        return self._handle

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Make the key that belongs to 32 bytes; for vectors."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, data: bytes) -> bytes:
        """Sign bytes."""
        return self._handle.sign(data)

    def to_pem(self, passphrase: bytes | None) -> bytes:
        """The key as PKCS#8 PEM, encrypted when a passphrase is given."""
        cipher: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            cipher = serialization.BestAvailableEncryption(passphrase)
        return self._handle.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, cipher)

    @classmethod
    def from_pem(cls, data: bytes, passphrase: bytes | None) -> Self:
        """Read a key; ValueError when the passphrase is wrong or it is not an Ed25519 key."""
        try:
            handle = serialization.load_pem_private_key(data, passphrase)
        except (TypeError, UnsupportedAlgorithm) as error:
            raise ValueError("the passphrase does not fit the key") from error
        if not isinstance(handle, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")  # noqa: TRY004 - the value is wrong, not the caller's type
        return cls(handle)

    def __repr__(self) -> str:
        """Name the key by its public id only."""
        return f"PrivateKey({self.public.key_id})"
