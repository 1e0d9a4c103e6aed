"""Reading a certificate and its private key: either they can be used, or what is wrong with them is named."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from serverkit.tls.errors import TlsPairError

TLS = "tls"
"""The folder of a home."""
CERTIFICATE = "server.crt"
KEY = "server.key"
MOST_BYTES = 1024 * 1024
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only, nothing in CBC mode. TLS 1.3 has no others."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[^-]*?-----END \1-----", re.DOTALL)
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_OPEN = serialization.NoEncryption()


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and the private key that belongs to it."""

    chain: tuple[x509.Certificate, ...]
    key: Any = field(repr=False)

    @property
    def leaf(self) -> x509.Certificate:
        """The server's own certificate."""
        return self.chain[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal digits."""
        return hashlib.sha256(self.leaf.public_bytes(_DER)).hexdigest()

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo): it outlives a renewal that keeps the key."""
        return key_fingerprint(self.leaf)

    def context(self) -> ssl.SSLContext:
        """What a server needs; TlsPairError where TLS takes such a pair no more."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        certificates = b"".join(one.public_bytes(_PEM) for one in self.chain)
        private = private_pem(self.key)
        try:
            with _as_file(certificates) as certificate_path, _as_file(private) as key_path:
                context.load_cert_chain(certificate_path, key_path, password=lambda: b"")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise TlsPairError(
                "TLS does not take {certificate}: {getattr}",
                certificate=CERTIFICATE,
                getattr=getattr(error, "reason", None) or error,
            ) from error
        return context


def is_there(path: Path) -> bool:
    """Whether there is anything under this name, be it a link that leads nowhere yet."""
    return os.path.lexists(path)


def private_pem(private: Any) -> bytes:
    """A private key in PEM form, without a passphrase."""
    found: bytes = private.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _OPEN)
    return found


def is_key_of(certificate: x509.Certificate, private: Any) -> bool:
    """Whether a certificate was issued for a private key; not where its key is of a kind that is not known here."""
    try:
        return _spki(certificate.public_key()) == _spki(private.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return False


def key_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate's public key, in hexadecimal digits."""
    public = certificate.public_key().public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()


def read_pair(folder: Path) -> Pair:
    """The pair of a folder; TlsPairError says what is wrong with it."""
    certificate, key = folder / CERTIFICATE, folder / KEY
    if is_there(key) and not is_there(certificate):
        raise TlsPairError(
            "{key} waits for its certificate: {certificate} is missing",
            remedy="Put the certificate that was issued for this key as {certificate} into the folder `tls`; the "
            "key is kept.",
            key=KEY,
            certificate=CERTIFICATE,
        )
    if is_there(certificate) and not is_there(key):
        raise TlsPairError(
            "{certificate} is there, but {key} is missing",
            remedy="Put the private key of this certificate as {key} into the folder `tls`.",
            certificate=CERTIFICATE,
            key=KEY,
        )
    chain, private = _certificates(_text(certificate)), read_key(key)
    same = [one for one in chain if is_key_of(one, private)]
    if not same:
        raise TlsPairError(
            "{key} is not the key of {certificate}",
            remedy="Put both files of one pair into the folder `tls`: the certificate, and the key that it was "
            "asked for with.",
            key=KEY,
            certificate=CERTIFICATE,
        )
    if same[0] != chain[0]:
        raise TlsPairError(
            "{certificate} does not begin with the server's certificate",
            remedy="Put the server's certificate first, then those of the authorities that issued it.",
            certificate=CERTIFICATE,
        )
    return Pair(tuple(chain), private)


def read_key(path: Path) -> Any:
    """A private key; TlsPairError says what is wrong with its file."""
    data = _text(path)
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(data)]
    private = [(kind, block) for kind, block in blocks if kind.endswith(b"PRIVATE KEY")]
    if not private and any(kind.endswith(b"CERTIFICATE") for kind, _ in blocks):
        raise TlsPairError(
            "{name} holds a certificate, not a private key", remedy="Exchange the two files.", name=path.name
        )
    if b"ENCRYPTED" in data:
        raise TlsPairError(
            "{name} is protected by a passphrase",
            remedy="Put the key without its passphrase into the folder `tls`: openssl pkey -in KEY -out {key}",
            name=path.name,
            key=KEY,
        )
    if len(private) != 1:
        raise TlsPairError(
            "{name} holds {what}",
            name=path.name,
            what="no whole private key" if not private else "several private keys",
        )
    try:
        return serialization.load_pem_private_key(private[0][1] + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TlsPairError("{name} is damaged: it holds no private key that can be read", name=path.name) from error


def read_chain(data: bytes) -> list[x509.Certificate]:
    """The certificates of a text in PEM form, such as one that was sent; TlsPairError says what is wrong with it."""
    return _certificates(_plain(data, CERTIFICATE))


def _certificates(data: bytes) -> list[x509.Certificate]:
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(data)]
    wanted = [block for kind, block in blocks if kind == b"CERTIFICATE"]
    if not wanted:
        if any(kind.endswith(b"PRIVATE KEY") for kind, _ in blocks):
            raise TlsPairError(
                "{certificate} holds a private key only", remedy="Exchange the two files.", certificate=CERTIFICATE
            )
        if any(kind.endswith(b"REQUEST") for kind, _ in blocks):
            raise TlsPairError(
                "{certificate} holds the request for a certificate, not the certificate",
                remedy="Have the request signed by an authority, and put what it issues into the folder `tls`.",
                certificate=CERTIFICATE,
            )
        if any(kind in {b"PKCS7", b"CMS"} for kind, _ in blocks):
            raise TlsPairError(
                "{certificate} is a PKCS #7 bundle (.p7b), not certificates in PEM form",
                remedy="Change it to PEM: openssl pkcs7 -print_certs -in FILE.",
                certificate=CERTIFICATE,
            )
        raise TlsPairError("{certificate} holds no whole certificate in PEM form", certificate=CERTIFICATE)
    if data.count(b"-----BEGIN CERTIFICATE-----") > len(wanted):
        raise TlsPairError("{certificate} is cut: its last certificate is not whole", certificate=CERTIFICATE)
    try:
        chain = [x509.load_pem_x509_certificate(block + b"\n") for block in wanted]
        chain[0].public_key()  # the library reads keys and names only when they are asked for
        for one in chain:
            _ = one.subject, one.issuer
        return chain
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise TlsPairError(
            "{certificate} is damaged: it holds a certificate that cannot be read", certificate=CERTIFICATE
        ) from error


def _text(path: Path) -> bytes:
    """The bytes of a PEM file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise TlsPairError("{name} is not a regular file", name=path.name)
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise TlsPairError(
            "{name} cannot be read: {reason}",
            remedy="Correct owner and permissions of the folder `tls` and of both files.",
            name=path.name,
            reason=error.strerror,
        ) from error
    return _plain(data, path.name)


def _plain(data: bytes, name: str) -> bytes:
    """What is in PEM form at all."""
    if len(data) > MOST_BYTES:
        raise TlsPairError("{name} is larger than any certificate or key", name=name)
    if not data.strip():
        raise TlsPairError("{name} is empty", name=name)
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) or (b"\0" in data and b"-\0-\0" in data):
        raise TlsPairError(
            "{name} has the wrong encoding", remedy="Save it as plain ASCII, without a byte order mark.", name=name
        )
    if b"-----BEGIN" not in data and data[:1] == b"\x30":
        raise TlsPairError(
            "{name} is in binary form (DER or PKCS #12), not PEM",
            remedy="Change it to PEM: openssl x509 -inform DER, openssl pkey -inform DER, or openssl pkcs12 -nodes.",
            name=name,
        )
    return data


def _spki(public: Any) -> bytes:
    found: bytes = public.public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return found


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A name under which the TLS library reads `data`: what was checked is what is loaded, and no disk sees the key."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("tls")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
