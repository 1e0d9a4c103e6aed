"""Issuing identity certificates and making certificate requests: X.509 with Ed25519 keys (row S4.1)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from exchange.certificates import BACKDATE, CENTRAL, handle_of, load_certificate
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey

SATELLITE_DAYS = 730
DEVICE_CA_DAYS = 1095
DEVICE_DAYS = 365


def _name(common: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit[:64]),
        ]
    )


def _printable(text: str) -> str:
    """A text with the few characters that this attribute may hold; it is for people, and compared with nothing."""
    return re.sub(r"[^A-Za-z0-9 '()+,./:=?-]", "?", text)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    # Certificates start a little early: the clock of the other side may be some minutes behind.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(handle_of(key))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def issue_satellite_identity(
    public: PublicKey, satellite: str, epoch: int, response_key: PrivateKey, now: datetime, days: int = SATELLITE_DAYS
) -> bytes:
    """Certify a satellite's identity key; DER."""
    issuer = _name(f"response {response_key.public.key_id}", "central")
    builder = _builder(_name(satellite, "satellite"), issuer, public, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    builder = builder.add_extension(
        _uris(f"urn:perigee:satellite:{satellite}", f"urn:perigee:epoch:{epoch}"), critical=False
    )
    return _der(builder.sign(response_key.handle, None))


def issue_device_ca(
    public: PublicKey, satellite: str | None, response_key: PrivateKey, now: datetime, days: int = DEVICE_CA_DAYS
) -> bytes:
    """Certify the device CA of a satellite, or central's own where `satellite` is None; DER."""
    site = satellite or CENTRAL
    issuer = _name(f"response {response_key.public.key_id}", "central")
    builder = _builder(_name(f"devices of {site}", site), issuer, public, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    builder = builder.add_extension(_uris(f"urn:perigee:satellite:{site}"), critical=False)
    return _der(builder.sign(response_key.handle, None))


def _uris(*uris: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])


def make_csr(key: PrivateKey, label: str) -> bytes:
    """A device's certificate request (PKCS#10, DER); the label is for people."""
    plain = label.encode("ascii", "replace").decode("ascii")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, plain[:64] or "device")])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key.handle, None)
        .public_bytes(serialization.Encoding.DER)
    )


# What is alike in each certificate of a device: making it again takes a third of the time.
_NO_CA = x509.BasicConstraints(ca=False, path_length=None)
_SIGNS = _usage(ca=False)
_CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


@lru_cache(maxsize=4)
def _issuer(ca_der: bytes) -> tuple[x509.Name, datetime]:
    """The name of a CA, and when its certificate ends."""
    ca = load_certificate(ca_der)
    return ca.subject, ca.not_valid_after_utc


def issue_device_certificate(
    public: PublicKey,
    instance: str,
    udi: Udi,
    ca_key: PrivateKey,
    ca_der: bytes,
    now: datetime,
    *,
    epoch: int,
    issue: int,
    days: int = DEVICE_DAYS,
) -> bytes:
    """Certify a device; `epoch` and `issue` number let a restored satellite see that it fell behind. DER."""
    issuer, last = _issuer(ca_der)
    end = min(now + timedelta(days=days), last)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, instance),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, _printable(f"{udi.pid}:{udi.serial}")[:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(handle_of(public))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(end)
        .add_extension(_NO_CA, critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(_CLIENT, critical=False)
        .add_extension(_uris(f"urn:perigee:instance:{instance}", f"urn:perigee:issue:{epoch}/{issue}"), critical=False)
        .sign(ca_key.handle, None)
    )
    return _der(certificate)
