"""A support bundle that only the owner of a key opens: X25519 with a key of its own, HKDF-SHA256, ChaCha20-Poly1305.

The file: the line `PERIGEE-SUPPORT 1`, the public key of this file (32 bytes), then the encrypted bundle. Each file has a
key of its own, so the nonce is constant; the first line and the public keys are authenticated.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from serverkit.support.errors import SealBrokenError, SupportKeyError

MAGIC = b"PERIGEE-SUPPORT 1\n"
PUBLIC, PRIVATE = "perigee-support-public:", "perigee-support-private:"
KEY_BYTES = 32
_NONCE = bytes(12)


def new_keys() -> tuple[str, str]:
    """A private key and its public key, each as a line."""
    made = X25519PrivateKey.generate()
    return _line(PRIVATE, made.private_bytes_raw()), _line(PUBLIC, made.public_key().public_bytes_raw())


def check_public(text: str) -> str:
    """A public key as it was given; SupportKeyError for what is none."""
    _bytes_of(PUBLIC, text)
    return text


def seal(public: str, data: bytes) -> bytes:
    """Encrypt a bundle to a public key; SupportKeyError."""
    recipient = _bytes_of(PUBLIC, public)
    made = X25519PrivateKey.generate()
    own = made.public_key().public_bytes_raw()
    try:
        shared = made.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:
        raise SupportKeyError from error
    return MAGIC + own + _cipher(shared, own, recipient).encrypt(_NONCE, data, MAGIC)


def unseal(private: str, sealed: bytes) -> bytes:
    """Decrypt a bundle; SupportKeyError, SealBrokenError."""
    key = X25519PrivateKey.from_private_bytes(_bytes_of(PRIVATE, private))
    own, data = sealed[len(MAGIC) : len(MAGIC) + KEY_BYTES], sealed[len(MAGIC) + KEY_BYTES :]
    if not sealed.startswith(MAGIC) or len(own) != KEY_BYTES:
        raise SealBrokenError("this is not a sealed support bundle")
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(own))
        return _cipher(shared, own, key.public_key().public_bytes_raw()).decrypt(_NONCE, data, MAGIC)
    except (ValueError, InvalidTag) as error:
        raise SealBrokenError from error


def _cipher(shared: bytes, own: bytes, recipient: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=own + recipient, info=MAGIC).derive(shared))


def _line(prefix: str, key: bytes) -> str:
    return f"{prefix}{base64.b64encode(key).decode('ascii')}\n"


def _bytes_of(prefix: str, text: str) -> bytes:
    line = text.strip()
    try:
        found = base64.b64decode(line.removeprefix(prefix), validate=True)
    except (ValueError, binascii.Error) as error:
        raise SupportKeyError from error
    if not line.startswith(prefix) or len(found) != KEY_BYTES:
        raise SupportKeyError
    return found
