"""Requests for a certificate: the private key is made here, waits here, and never leaves this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serverkit.errors import InvalidInputError
from serverkit.files import write_atomic
from serverkit.locks import Lock, waiting
from serverkit.owner import make_folder
from serverkit.tls.errors import TlsNothingWaitsError
from serverkit.tls.names import UNREADABLE, general_name, plain_name
from serverkit.tls.pair import is_there, private_pem, read_key

WAITING_KEY, WAITING_REQUEST = "waiting.key", "waiting.csr"
MOST_NAMES = 50
_PEM = serialization.Encoding.PEM


def check_names(names: Sequence[str]) -> list[str]:
    """Names and addresses in plain form, each once; InvalidInputError for what is none, for none, and for too many."""
    found = [(text, plain_name(text)) for text in names]
    bad = [text for text, plain in found if plain is None]
    if bad:
        raise InvalidInputError("{name!r} is neither a host name nor an IP address", name=bad[0][:80])
    plain = [*dict.fromkeys(name for _, name in found if name)]
    if not 0 < len(plain) <= MOST_NAMES:
        raise InvalidInputError(
            "1 to {most} names or addresses are needed, not {count}", most=MOST_NAMES, count=len(plain)
        )
    return plain


def request_certificate(folder: Path, names: Sequence[str], organization: str = "") -> bytes:
    """Make a certificate request (PKCS #10, PEM) and keep it; a key that waits already is used again."""
    wanted = check_names(names)
    make_folder(folder)
    with waiting(Lock.CERTIFICATE, folder):
        if is_there(folder / WAITING_KEY):
            private = read_key(folder / WAITING_KEY)
        else:
            private = ec.generate_private_key(ec.SECP256R1())
            write_atomic(folder / WAITING_KEY, private_pem(private))
        request = _make(private, wanted, organization.strip())
        write_atomic(folder / WAITING_REQUEST, request, mode=0o644)
    return request


def waiting_request(folder: Path) -> bytes:
    """The request whose certificate is awaited; TlsNothingWaitsError."""
    try:
        return (folder / WAITING_REQUEST).read_bytes()
    except FileNotFoundError:
        raise TlsNothingWaitsError from None


def describe_request(folder: Path) -> dict[str, Any] | None:
    """The request whose certificate is awaited: its `names` and `organization`; None where none is."""
    if not is_there(folder / WAITING_KEY):
        return None
    try:
        request = x509.load_pem_x509_csr((folder / WAITING_REQUEST).read_bytes())
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        holders = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    except (OSError, *UNREADABLE, x509.ExtensionNotFound, x509.InvalidVersion):
        return {"names": [], "organization": ""}
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return {"names": found, "organization": str(holders[0].value) if holders else ""}


def discard_request(folder: Path) -> None:
    """Remove the key that waits, and its request; TlsNothingWaitsError."""
    with waiting(Lock.CERTIFICATE, folder):
        if not is_there(folder / WAITING_KEY):
            raise TlsNothingWaitsError
        forget_request(folder)


def forget_request(folder: Path) -> None:
    """Remove key and request; the caller holds the lock."""
    for name in (WAITING_REQUEST, WAITING_KEY):
        (folder / name).unlink(missing_ok=True)


def _make(private: Any, names: Sequence[str], organization: str) -> bytes:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]
    if organization:
        subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]))
    alternatives = x509.SubjectAlternativeName([general_name(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    return builder.add_extension(alternatives, critical=False).sign(private, hashes.SHA256()).public_bytes(_PEM)
