"""Fingerprints by which a server is known, and what is in certificates."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from serverkit.tls.pair import key_fingerprint


def plain_fingerprint(text: str) -> str:
    """A fingerprint as bare lower-case digits: people paste colons and capitals."""
    return text.strip().replace(":", "").replace(" ", "").lower()


def fingerprint_of_key(certificate: bytes) -> str:
    """SHA-256 of the public key of a certificate in DER, which outlives the certificate; empty where there is none."""
    try:
        return key_fingerprint(x509.load_der_x509_certificate(certificate))
    except (ValueError, UnsupportedAlgorithm):
        return ""


def certificates_in(pem: str) -> list[tuple[str, datetime]]:
    """Subject and end of every certificate in a PEM text; ValueError where there is none."""
    found = x509.load_pem_x509_certificates(pem.encode())
    return [(one.subject.rfc4514_string(), one.not_valid_after_utc.astimezone(UTC)) for one in found]


def certificate_fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate in DER."""
    return hashlib.sha256(certificate).hexdigest()


def matches(pin: str, *shown: str) -> bool:
    """Whether one of the fingerprints shown is the pinned one."""
    return any(hmac.compare_digest(each, pin) for each in shown)
