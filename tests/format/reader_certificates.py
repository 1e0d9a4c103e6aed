"""The second reader: certificates, after `docs/format/devices.md`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.format.reader_trust import holds, role_keys
from tests.format.reader_values import KIB, Keys, by_id, demand, ident, moment, refuse

Found = dict[str, Any]


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        refuse("malformed")


def _ed25519(subject: x509.Certificate | x509.CertificateSigningRequest) -> Found:
    try:
        public = subject.public_key()
    except (ValueError, UnsupportedAlgorithm):
        refuse("malformed")
    if not isinstance(public, Ed25519PublicKey):
        refuse("malformed")
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"public": base64.b64encode(raw).decode(), "suite": 1}


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        refuse("malformed")


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        refuse("malformed")
    return list(names.get_values_for_type(x509.UniformResourceIdentifier))


def _signed(certificate: x509.Certificate, keys: Keys) -> bool:
    return any(holds(each, certificate.signature, certificate.tbs_certificate_bytes) for each in keys.values())


def in_its_time(der: bytes, now: datetime) -> None:
    """Whether now is between the first and last moment of a certificate."""
    certificate = _certificate(der)
    demand(now >= certificate.not_valid_before_utc, "not_yet_valid")
    demand(now <= certificate.not_valid_after_utc, "expired")


def site_certificate(der: bytes, root: Found, satellite: str, *, ca: bool) -> Found:
    """The key of a satellite's certificate, or of its device CA."""
    certificate = _certificate(der)
    made = certificate.not_valid_before_utc + timedelta(minutes=5)
    demand(_signed(certificate, role_keys(root, "response", made)), "unknown_issuer")
    demand(f"urn:perigee:satellite:{satellite}" in _uris(certificate), "wrong_satellite")
    demand(_is_ca(certificate) == ca)
    return _ed25519(certificate)


def device_certificate(der: bytes, given: Mapping[str, Any]) -> Found:
    """A device's certificate under a device CA."""
    certificate = _certificate(der)
    demand(not _is_ca(certificate))
    ca = _certificate(base64.b64decode(given["device_ca"]))
    demand(_signed(certificate, by_id([_ed25519(ca)])), "unknown_issuer")
    names = _uris(certificate)
    instance = [name.removeprefix("urn:perigee:instance:") for name in names if ":instance:" in name]
    issue = [name.removeprefix("urn:perigee:issue:") for name in names if ":issue:" in name] or ["0/0"]
    demand(instance)
    found = {"instance": ident(instance[0]), "issue": [int(part) for part in issue[0].split("/")]}
    found["key"] = _ed25519(certificate)
    in_its_time(der, moment(given["now"]))
    return found


def certificate_request(der: bytes) -> Found:
    """The key of a certificate request."""
    demand(len(der) <= 8 * KIB, "too_large")
    try:
        request = x509.load_der_x509_csr(der)
        public = _ed25519(request)
        demand(request.is_signature_valid, "altered")
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        refuse("malformed")
    return public
