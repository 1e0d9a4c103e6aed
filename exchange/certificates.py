"""Identity certificates: X.509 with Ed25519 keys (row S4.1).

The response key certifies a satellite's identity key and its device CA; the device CA certifies devices. Names in a
certificate are for people; what is checked is whose key signed it, for which satellite, and for what time.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.trust import Trust
from exchange.vocabulary import Role

SATELLITE_DAYS = 730
DEVICE_CA_DAYS = 1095
DEVICE_DAYS = 365
BACKDATE = timedelta(minutes=5)
CENTRAL = "central"


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


def _handle(key: PublicKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key.raw)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    # Certificates start a little early: the clock of the other side may be some minutes behind.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(_handle(key))
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
    ca = _load(ca_der)
    end = min(now + timedelta(days=days), ca.not_valid_after_utc)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, instance),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, _printable(f"{udi.pid}:{udi.serial}")[:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject)
        .public_key(_handle(public))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(_uris(f"urn:perigee:instance:{instance}", f"urn:perigee:issue:{epoch}/{issue}"), critical=False)
        .sign(ca_key.handle, None)
    )
    return _der(certificate)


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError) as error:
        raise MalformedError("not a certificate") from error


def certificate_key(der: bytes) -> PublicKey:
    """The key that a certificate names, without checking its issuer."""
    try:
        key = _load(der).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError("the certificate holds no usable key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise MalformedError("the certificate is not for an Ed25519 key")
    return PublicKey(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def certificate_times(der: bytes) -> tuple[datetime, datetime]:
    """First and last moment of a certificate."""
    certificate = _load(der)
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def certificate_uris(der: bytes) -> tuple[str, ...]:
    """The names of a certificate that programs read."""
    try:
        names = _load(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise MalformedError("the certificate carries no names") from error
    return tuple(names.get_values_for_type(x509.UniformResourceIdentifier))


def check_times(der: bytes, now: datetime) -> None:
    """Refuse a certificate outside its time."""
    start, end = certificate_times(der)
    if now < start:
        raise NotYetValidError("the certificate is not valid yet")
    if now > end:
        raise ExpiredError("the certificate has ended")


def _signed_by(der: bytes, keys: tuple[PublicKey, ...]) -> None:
    certificate = _load(der)
    for key in keys:
        try:
            _handle(key).verify(certificate.signature, certificate.tbs_certificate_bytes)
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
        return _load(der).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError) as error:
        raise MalformedError("the certificate says not whether it is a CA") from error


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
