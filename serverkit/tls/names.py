"""Names and addresses: those of this machine, those that a certificate covers, those that devices use."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock

from cryptography import x509

from serverkit.errors import AppError
from serverkit.files import write_atomic

ASKED = "asked.json"
MOST_ASKED = 100
ASKED_DAYS = 30
UNREADABLE = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What the library says of extensions that it does not take."""
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*", re.ASCII)
_NUMBERS = re.compile(r"[0-9.]+")
_LINK_SCOPE, _PASSING_FLAGS = 0x20, 0x01 | 0x08 | 0x20 | 0x40
"""Of IPv6: addresses of one link only; those that are temporary, refused as duplicates, deprecated, not settled."""


def plain_name(text: str) -> str | None:
    """A host name or an IP address in its plain form; None where the text is neither.

    The zone of an IPv6 address (`%eth0`) is left out: it means something on one machine only, and no certificate has it.
    A name that the encoding of names changes to another one (`ß` to `ss`) is none: it is written as `xn--...`.
    """
    trimmed = text.strip().rstrip(".").lower()
    inner = trimmed[1:-1] if trimmed.startswith("[") and trimmed.endswith("]") else trimmed
    with suppress(ValueError):
        return str(ipaddress.ip_address(inner.partition("%")[0] if ":" in inner else inner))
    with suppress(UnicodeError):
        encoded = trimmed if trimmed.isascii() else trimmed.encode("idna").decode("ascii")
        meant = encoded == trimmed or encoded.encode("ascii").decode("idna") == unicodedata.normalize("NFC", trimmed)
        trimmed = encoded if meant else ""
    numbers = _NUMBERS.fullmatch(trimmed)
    return trimmed if len(trimmed) <= 253 and _NAME.fullmatch(trimmed) and not numbers else None


def host_of(header: str) -> str | None:
    """The host of a Host header, without its port."""
    text = header.strip()
    if text.startswith("["):
        return plain_name(text.partition("]")[0][1:])
    return plain_name(text.partition(":")[0])


def local_names() -> list[str]:
    """What this machine is called, and all addresses that it has."""
    found = [plain_name(socket.gethostname()), "localhost", "127.0.0.1", "::1", *_addresses()]
    return [*dict.fromkeys(name for name in found if name)]


def _addresses() -> Iterable[str]:
    with suppress(OSError):
        text = Path("/proc/net/fib_trie").read_text("ascii")
        yield from dict.fromkeys(re.findall(r"\|-- ([0-9.]+)\s+/32 host LOCAL", text))
    with suppress(OSError):
        for line in Path("/proc/net/if_inet6").read_text("ascii").splitlines():
            digits, _, _, scope, flags, _ = line.split(maxsplit=5)
            if not (int(scope, 16) & _LINK_SCOPE or int(flags, 16) & _PASSING_FLAGS):
                yield str(ipaddress.ip_address(bytes.fromhex(digits)))


def names_of(certificate: x509.Certificate) -> set[str]:
    """The names and addresses that a certificate covers, in plain form."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return set()
    return {name.lower() for name in names.get_values_for_type(x509.DNSName)} | {
        str(address) for address in names.get_values_for_type(x509.IPAddress)
    }


def not_covered(certificate: x509.Certificate, wanted: Iterable[str]) -> list[str]:
    """Those of the names that a certificate does not cover."""
    covered = names_of(certificate)

    def covers(name: str) -> bool:
        with suppress(ValueError):
            ipaddress.ip_address(name)
            return name in covered
        return name in covered or f"*.{name.partition('.')[2]}" in covered

    return sorted(name for name in set(wanted) if not covers(name))


def general_name(name: str) -> x509.GeneralName:
    """A plain name or address as it is in a certificate."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class AskedNames:
    """The names and addresses by which devices reached this server, each with the last day."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """They are kept in `folder`, which need not exist: without TLS of its own a server keeps none."""
        self._path, self._now = folder / ASKED, now
        self._lock = Lock()

    def note(self, header: str) -> None:
        """Keep the host of a Host header."""
        with self._lock, suppress(AppError):
            today = self._now().date()
            name = host_of(header)
            if name is None or not self._path.parent.is_dir():
                return
            known = _read(self._path)
            if known.get(name) == today or (name not in known and len(known) >= MOST_ASKED):
                return
            kept = {each: day for each, day in known.items() if today - day < timedelta(days=ASKED_DAYS)}
            data = {each: day.isoformat() for each, day in sorted({**kept, name: today}.items())}
            write_atomic(self._path, json.dumps(data).encode())


def asked_names(folder: Path, now: datetime) -> list[str]:
    """The names and addresses by which devices reached this server in the last days."""
    known = _read(folder / ASKED)
    return [name for name, day in known.items() if now.date() - day < timedelta(days=ASKED_DAYS)]


def _read(path: Path) -> dict[str, date]:
    try:
        found = json.loads(path.read_bytes())
        return {str(name): date.fromisoformat(day) for name, day in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
