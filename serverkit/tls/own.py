"""The certificate that a server makes itself: ECDSA P-256, 397 days, renewed at two thirds with the same key.

It is told from one that an administrator dropped in by a file that names the key which the server made. No other key is
ever replaced: one that waits for its certificate stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from serverkit.files import write_atomic
from serverkit.locks import Lock, waiting
from serverkit.owner import make_folder
from serverkit.tls.errors import TlsKeyWaitsError, TlsNotOwnError
from serverkit.tls.names import general_name, local_names, names_of
from serverkit.tls.pair import CERTIFICATE, KEY, Pair, is_there, private_pem, read_key, read_pair
from serverkit.tls.swap import finish_swap, swap_pair

LIFE = timedelta(days=397)
EARLIER = timedelta(days=1)
"""For clocks that are behind."""
MARK = "own-key.txt"
MOST_NAMES = 100
MADE, RENEWED, KEPT, FOREIGN = "made", "renewed", "kept", "foreign"


def ensure_pair(folder: Path, now: datetime, names: Sequence[str] = ()) -> str:
    """Provide a usable pair; TlsPairError for one of an administrator that cannot be.

    The server's own certificate is made where there is none, and renewed at two thirds of its life, when it is not valid
    yet, or when it lacks one of `names` or a name or address of this machine. Returns what was done.
    """
    make_folder(folder)
    wanted = [*dict.fromkeys([*names, *local_names()])]
    with waiting(Lock.CERTIFICATE, folder):
        finish_swap(folder)
        certificate, key = folder / CERTIFICATE, folder / KEY
        if not is_there(certificate) and not is_there(key):
            private = ec.generate_private_key(ec.SECP256R1())
            # In this order: what a power cut leaves is known for an own one.
            write_atomic(folder / MARK, _digest(private).encode() + b"\n")
            write_atomic(key, private_pem(private))
            write_atomic(certificate, _make(private, now, wanted), mode=0o644)
            return MADE
        if not is_there(certificate) and _is_own_key(folder, key):
            write_atomic(certificate, _make(read_key(key), now, wanted), mode=0o644)
            return MADE
        pair = read_pair(folder)
        if not is_own(folder, pair):
            return FOREIGN
        covered = names_of(pair.leaf)
        if not _is_due(pair.leaf, now) and covered.issuperset(wanted[:MOST_NAMES]):
            return KEPT
        wanted += sorted(covered.difference(wanted))
        write_atomic(certificate, _make(pair.key, now, wanted), mode=0o644)
        return RENEWED


def renew_own(folder: Path, now: datetime, names: Sequence[str] = ()) -> Pair:
    """Renew the server's own certificate now, with the same key; TlsNotOwnError for another's."""
    with waiting(Lock.CERTIFICATE, folder):
        finish_swap(folder)
        pair = read_pair(folder)
        if not is_own(folder, pair):
            raise TlsNotOwnError
        wanted = [*dict.fromkeys([*names, *local_names(), *sorted(names_of(pair.leaf))])]
        write_atomic(folder / CERTIFICATE, _make(pair.key, now, wanted), mode=0o644)
        return read_pair(folder)


def reset_own(folder: Path, now: datetime, names: Sequence[str] = ()) -> Pair:
    """Make a new key with a new own certificate, whatever is in use, and keep the pair before it in `tls/previous`.

    TlsKeyWaitsError where a key waits for its certificate.
    """
    make_folder(folder)
    with waiting(Lock.CERTIFICATE, folder):
        finish_swap(folder)
        if is_there(folder / KEY) and not is_there(folder / CERTIFICATE) and not _is_own_key(folder, folder / KEY):
            raise TlsKeyWaitsError
        private = ec.generate_private_key(ec.SECP256R1())
        before, made = _marks(folder), _digest(private)
        # Both keys are own ones until the swap is over: a power cut in between leaves neither as a foreign one.
        write_atomic(folder / MARK, "".join(f"{one}\n" for one in (*sorted(before), made)).encode())
        wanted = [*dict.fromkeys([*names, *local_names()])]
        swap_pair(folder, _make(private, now, wanted), private_pem(private))
        write_atomic(folder / MARK, made.encode() + b"\n")
        return read_pair(folder)


def is_own(folder: Path, pair: Pair) -> bool:
    """Whether the server made this pair itself."""
    if _digest(pair.key) not in _marks(folder) or len(pair.chain) != 1:
        return False
    try:
        pair.leaf.verify_directly_issued_by(pair.leaf)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_due(certificate: x509.Certificate, now: datetime) -> bool:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return not start <= now < start + (end - start) * 2 / 3


def _is_own_key(folder: Path, key: Path) -> bool:
    return _digest(read_key(key)) in _marks(folder)


def _marks(folder: Path) -> set[str]:
    try:
        return set((folder / MARK).read_text("ascii").split())
    except (OSError, ValueError):
        return set()


def _digest(private: Any) -> str:
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public).hexdigest()


def _make(private: Any, now: datetime, names: Sequence[str]) -> bytes:
    host = next(name for name in (*local_names(), "localhost") if isinstance(general_name(name), x509.DNSName))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:63])])
    public = private.public_key()
    start = now - EARLIER
    server = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectAlternativeName([general_name(each) for each in names[:MOST_NAMES]]), critical=False)
        .sign(private, hashes.SHA256())
    )
    return server.public_bytes(serialization.Encoding.PEM)
