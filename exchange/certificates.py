"""Reading and verifying identity certificates: X.509 with Ed25519 keys (row S4.1).

The response key certifies a satellite's identity key and its device CA; the device CA certifies devices. Names in a
certificate are for people; what is checked is whose key signed it, for which satellite, and for what time.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exchange import limits
from exchange.canonical import is_hex
from exchange.errors import (
    AlteredError,
    ExpiredError,
    MalformedError,
    NotYetValidError,
    TooLargeError,
    UnknownIssuerError,
    WrongSatelliteError,
)
from exchange.keys import PublicKey
from exchange.trust import Trust
from exchange.vocabulary import Role

BACKDATE = timedelta(minutes=5)
CENTRAL = "central"


def handle_of(key: PublicKey) -> Ed25519PublicKey:
    """The key as the library takes it."""
    return Ed25519PublicKey.from_public_bytes(key.raw)


def read_csr(der: bytes) -> PublicKey:
    """The key of a self-signed certificate request; nothing else in the request is used."""
    if len(der) > limits.CSR_BYTES:
        raise TooLargeError("a certificate request is small")
    try:
        csr = x509.load_der_x509_csr(der)
        key = csr.public_key()
        valid = csr.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise MalformedError("not a certificate request") from error
    if not isinstance(key, Ed25519PublicKey):
        raise MalformedError("the certificate request is not for an Ed25519 key")
    if not valid:
        raise AlteredError("the certificate request is not signed by its own key")
    return PublicKey(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate in DER; MalformedError for bytes that are none."""
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError) as error:
        raise MalformedError("not a certificate") from error


def certificate_key(der: bytes) -> PublicKey:
    """The key that a certificate names, without checking its issuer."""
    try:
        key = load_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError("the certificate holds no usable key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise MalformedError("the certificate is not for an Ed25519 key")
    return PublicKey(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def certificate_times(der: bytes) -> tuple[datetime, datetime]:
    """First and last moment of a certificate."""
    certificate = load_certificate(der)
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def certificate_uris(der: bytes) -> tuple[str, ...]:
    """The names of a certificate that programs read."""
    try:
        names = load_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise MalformedError("the certificate carries no names") from error
    return tuple(names.get_values_for_type(x509.UniformResourceIdentifier))


def check_times(der: bytes, now: datetime) -> None:
    """Refuse a certificate outside its time."""
    start, end = certificate_times(der)
    if now < start:
        raise NotYetValidError("the certificate is not valid yet")
    if now > end:
        raise ExpiredError("the certificate has expired")


def _signed_by(der: bytes, keys: tuple[PublicKey, ...]) -> None:
    certificate = load_certificate(der)
    for key in keys:
        try:
            handle_of(key).verify(certificate.signature, certificate.tbs_certificate_bytes)
        except InvalidSignature:
            continue
        return
    raise UnknownIssuerError("no key of the root vouches for the certificate")


def verify_satellite_identity(der: bytes, trust: Trust, satellite: str) -> PublicKey:
    """The identity key of a satellite, vouched for by the root's response key at the time of issue."""
    _verify_under_root(der, trust)
    if f"urn:perigee:satellite:{satellite}" not in certificate_uris(der):
        raise WrongSatelliteError("the certificate belongs to another satellite")
    if _is_ca(der):
        raise MalformedError("a CA is not a satellite identity")
    return certificate_key(der)


def verify_device_ca(der: bytes, trust: Trust, satellite: str | None) -> PublicKey:
    """The device CA key of a satellite (or of central), vouched for by the root's response key."""
    _verify_under_root(der, trust)
    if f"urn:perigee:satellite:{satellite or CENTRAL}" not in certificate_uris(der):
        raise WrongSatelliteError("the device CA belongs to another satellite")
    if not _is_ca(der):
        raise MalformedError("the certificate is not a CA")
    return certificate_key(der)


def _verify_under_root(der: bytes, trust: Trust) -> None:
    issued = certificate_times(der)[0] + BACKDATE
    _signed_by(der, tuple(trust.keys(Role.RESPONSE, issued.astimezone(UTC)).values()))


def _is_ca(der: bytes) -> bool:
    try:
        return load_certificate(der).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError) as error:
        raise MalformedError("the certificate does not say whether it is a CA") from error


def verify_device_certificate(der: bytes, ca_der: bytes) -> tuple[str, PublicKey, tuple[int, int]]:
    """Instance id, key and (epoch, issue number) of a device certificate of this CA."""
    if _is_ca(der):
        raise MalformedError("a CA is not a device identity")
    _signed_by(der, (certificate_key(ca_der),))
    instance, issue = "", (0, 0)
    for uri in certificate_uris(der):
        if uri.startswith("urn:perigee:instance:"):
            instance = uri.rpartition(":")[2]
        elif uri.startswith("urn:perigee:issue:"):
            epoch, _, number = uri.rpartition(":")[2].partition("/")
            if epoch.isdecimal() and number.isdecimal():
                issue = (int(epoch), int(number))
    if not is_hex(instance, 32):
        raise MalformedError("the certificate names no instance")
    return instance, certificate_key(der), issue


def tls_key_fingerprint(certificate: bytes) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo) of a TLS certificate in DER, in hexadecimal digits.

    It stays the same when the certificate is renewed with its key. Empty for bytes that are no certificate.
    """
    try:
        public = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return hashlib.sha256(
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()
