"""TLS certificates of authorities and servers, for tests."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, both in PEM."""

    certificate: bytes
    key: bytes
    private: Any

    def put(self, home: Path) -> None:
        """Drop both into the folder `tls` of a home."""
        folder = home / "tls"
        folder.mkdir(exist_ok=True)
        (folder / "server.crt").write_bytes(self.certificate)
        (folder / "server.key").write_bytes(self.key)


def _pem(private: Any, passphrase: bytes | None = None) -> bytes:
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    found: bytes = private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, locked)
    return found


def issue(now: datetime, *names: str, days: float = 365, private: Any = None) -> Issued:
    """A certificate that another authority would issue for these names."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), private or ec.generate_private_key(ec.SECP256R1())

    def general(name: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([general(name) for name in names]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return Issued(made.public_bytes(PEM), _pem(own), own)


def sign(request: bytes, now: datetime, *, days: float = 365, use: x509.ObjectIdentifier | None = None) -> bytes:
    """What an authority issues for a certificate request: the certificate, then its own."""
    asked = x509.load_pem_x509_csr(request)
    assert asked.is_signature_valid
    authority = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    start, end = now - timedelta(days=2), now + timedelta(days=days)

    def certificate(subject: x509.Name, public: Any) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(public)
        return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)

    own = certificate(name, authority.public_key()).add_extension(x509.BasicConstraints(True, 0), critical=True)
    leaf = certificate(asked.subject, asked.public_key())
    leaf = leaf.add_extension(
        asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=False
    )
    if use is not None:
        leaf = leaf.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return leaf.sign(authority, hashes.SHA256()).public_bytes(PEM) + own.sign(authority, hashes.SHA256()).public_bytes(
        PEM
    )


def locked(issued: Issued) -> bytes:
    """The key under a passphrase."""
    return _pem(issued.private, b"secret words")
