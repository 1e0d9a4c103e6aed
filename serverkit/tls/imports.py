"""Taking a certificate that an authority issued: examined and rehearsed first, then put in place with its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from serverkit.locks import Lock, waiting
from serverkit.tls.errors import TlsCertificateRefusedError, TlsKeyWaitsError, TlsPairError
from serverkit.tls.names import UNREADABLE, names_of, not_covered
from serverkit.tls.pair import CERTIFICATE, KEY, Pair, is_key_of, is_there, private_pem, read_chain, read_key
from serverkit.tls.rehearsal import rehearse
from serverkit.tls.requests import WAITING_KEY, forget_request
from serverkit.tls.swap import finish_swap, swap_pair
from serverkit.verdicts import Outcome

SOON = timedelta(days=30)
CHECKS = ("form", "key", "chain", "purpose", "time", "handshake", "names")


@dataclass(frozen=True, slots=True)
class Check:
    """One look at a certificate: what was looked at (of `CHECKS`), what came of it, a detail for people."""

    name: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Examined:
    """What is known of a certificate: every check in its order, and the pair where there is one."""

    checks: tuple[Check, ...]
    chain: tuple[x509.Certificate, ...] = ()
    pair: Pair | None = None
    from_waiting: bool = False
    lacking: Sequence[str] = field(default_factory=tuple)

    @property
    def pem(self) -> bytes:
        """The certificates and nothing else of what was sent."""
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self.chain)

    @property
    def usable(self) -> bool:
        """Whether nothing stands against taking it."""
        return not any(one.outcome is Outcome.FAIL for one in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """For people and programs."""
        leaf = self.chain[0] if self.chain else None
        return {
            "usable": self.usable,
            "names": sorted(names_of(leaf)) if leaf is not None else [],
            "issuer": leaf.issuer.rfc4514_string() if leaf is not None else None,
            "begins_at": leaf.not_valid_before_utc if leaf is not None else None,
            "ends_at": min(one.not_valid_after_utc for one in self.chain) if self.chain else None,
            "certificates": len(self.chain),
            "fingerprint": self.pair.fingerprint if self.pair is not None else None,
            "lacking": list(self.lacking),
            "pem": self.pem.decode("ascii"),
            "checks": [{"check": one.name, "outcome": one.outcome.value, "detail": one.detail} for one in self.checks],
        }

    def enforce(self) -> Pair:
        """The pair; TlsCertificateRefusedError with everything that stands against it."""
        if self.pair is None or not self.usable:
            said = "; ".join(one.detail for one in self.checks if one.outcome is Outcome.FAIL)
            raise TlsCertificateRefusedError("The certificate was not taken: {said}.", said=said)
        return self.pair


def examine_certificate(
    folder: Path, data: bytes, now: datetime, wanted: Sequence[str], key: Any | None = None
) -> Examined:
    """Look at a certificate with its chain as it would be used: with `key`, or with one that is in the folder.

    `wanted` are the names and addresses that devices use. Nothing is changed.
    """
    found: list[Check] = []

    def look(name: str, check: Callable[[], tuple[Outcome, str]]) -> bool:
        try:
            outcome, detail = check()
        except (TlsPairError, TlsCertificateRefusedError) as error:
            outcome, detail = Outcome.FAIL, error.message
        found.append(Check(name, outcome, detail))
        return outcome is not Outcome.FAIL

    chain: list[x509.Certificate] = []
    if not look("form", lambda: _form(data, chain)):
        return Examined(_whole(found))
    private, from_waiting = (key, False) if key is not None else _key_of(folder, chain)
    if key is not None and not any(is_key_of(one, key) for one in chain):
        private = None
    found.append(
        Check("key", Outcome.PASS)
        if private is not None
        else Check("key", Outcome.FAIL, "no private key on this machine belongs to it")
    )
    look("chain", lambda: _chain(chain, private))
    look("purpose", lambda: _purpose(chain[0]))
    look("time", lambda: _time(chain, now))
    pair = Pair(tuple(chain), private) if private is not None and is_key_of(chain[0], private) else None
    if pair is not None:
        look("handshake", lambda: (Outcome.PASS, rehearse(pair)))
    lacking = not_covered(chain[0], wanted)
    names = ", ".join(lacking[:10]) + (f" (+{len(lacking) - 10})" if len(lacking) > 10 else "")
    found.append(Check("names", Outcome.WARN, names) if lacking else Check("names", Outcome.PASS))
    return Examined(_whole(found), tuple(chain), pair, from_waiting, lacking)


def take_certificate(
    folder: Path, data: bytes, now: datetime, wanted: Sequence[str], key: Any | None = None
) -> Examined:
    """Examine a certificate, then put it and its key in place; the pair before it is kept in `previous`.

    TlsCertificateRefusedError; TlsKeyWaitsError where another key waits as `server.key` for its certificate.
    """
    with waiting(Lock.CERTIFICATE, folder):
        finish_swap(folder)
        found = examine_certificate(folder, data, now, wanted, key)
        pair = found.enforce()
        if is_there(folder / KEY) and not is_there(folder / CERTIFICATE):
            present = read_key(folder / KEY)
            if not is_key_of(pair.leaf, present):
                raise TlsKeyWaitsError("{key} waits for its certificate, and this is not the one", key=KEY)
        swap_pair(folder, found.pem, private_pem(pair.key))
        if found.from_waiting:
            forget_request(folder)
    return found


def _whole(found: list[Check]) -> tuple[Check, ...]:
    seen = {one.name for one in found}
    return (*found, *(Check(name, Outcome.SKIP) for name in CHECKS if name not in seen))


def _form(data: bytes, chain: list[x509.Certificate]) -> tuple[Outcome, str]:
    chain.extend(read_chain(data))
    return Outcome.PASS, chain[0].subject.rfc4514_string()


def _key_of(folder: Path, chain: Sequence[x509.Certificate]) -> tuple[Any | None, bool]:
    """The key on this machine that a certificate belongs to, and whether it is the one of the request."""
    for name in (WAITING_KEY, KEY):
        if is_there(folder / name):
            try:
                private = read_key(folder / name)
            except TlsPairError:
                continue
            if any(is_key_of(one, private) for one in chain):
                return private, name == WAITING_KEY
    return None, False


def _chain(chain: Sequence[x509.Certificate], private: Any | None) -> tuple[Outcome, str]:
    if private is not None and not is_key_of(chain[0], private):
        return Outcome.FAIL, "it does not begin with the server's certificate"
    for one, issuer in pairwise(chain):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return Outcome.FAIL, f"{one.subject.rfc4514_string()} was not issued by the certificate that follows it"
    if len(chain) == 1 and chain[0].issuer != chain[0].subject:
        return Outcome.WARN, chain[0].issuer.rfc4514_string()
    return Outcome.PASS, str(len(chain))


def _purpose(leaf: x509.Certificate) -> tuple[Outcome, str]:
    try:
        for_servers, is_authority = _is_for_servers(leaf), _is_authority(leaf)
    except UNREADABLE:
        return Outcome.FAIL, "its extensions cannot be read"
    if not for_servers:
        return Outcome.FAIL, "it was not issued for servers"
    if is_authority:
        return Outcome.WARN, "it is the certificate of an authority: some programs do not take it for a server's"
    if not names_of(leaf):
        return Outcome.WARN, "it names no host and no address (subjectAltName): only who knows its fingerprint takes it"
    return Outcome.PASS, ""


def _is_for_servers(leaf: x509.Certificate) -> bool:
    try:
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in uses or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in uses


def _is_authority(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _time(chain: Sequence[x509.Certificate], now: datetime) -> tuple[Outcome, str]:
    start = max(one.not_valid_before_utc for one in chain)
    end = min(one.not_valid_after_utc for one in chain)
    if end <= now:
        return Outcome.FAIL, f"it ended on {end:%Y-%m-%d %H:%M} UTC; the clock says {now:%Y-%m-%d %H:%M} UTC"
    if start > now:
        return Outcome.FAIL, f"it is valid from {start:%Y-%m-%d %H:%M} UTC on; the clock says {now:%Y-%m-%d %H:%M} UTC"
    return Outcome.WARN if end - now < SOON else Outcome.PASS, f"{start:%Y-%m-%d} - {end:%Y-%m-%d}"
