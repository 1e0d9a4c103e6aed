"""Time servers that this machine knows of: those of its own time service, and its gateways, which often answer too."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from serverkit.tls.names import plain_name

FILES = ("etc/systemd/timesyncd.conf", "etc/chrony/chrony.conf", "etc/chrony.conf", "etc/ntp.conf")
_GATEWAY = 0x2


def system_servers(root: Path = Path("/")) -> list[str]:
    """The servers that the time service of the system is set to."""
    found: list[str] = []
    for name in FILES:
        with suppress(OSError):
            found += _named((root / name).read_text("utf-8", "replace").splitlines())
    return list(dict.fromkeys(found))


def default_gateways(root: Path = Path("/")) -> list[str]:
    """The gateways of the default routes, of version 4."""
    with suppress(OSError, ValueError, IndexError):
        lines = (root / "proc/net/route").read_text("ascii").splitlines()[1:]
        rows = [line.split() for line in lines]
        return [_address(row[2]) for row in rows if row[1] == "00000000" and int(row[3], 16) & _GATEWAY]
    return []


def _named(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        match = re.match(r"(?:NTP=|(?:server|pool)\s+)(.*)", line.strip())
        words = match[1].split() if match else []
        wanted = words if line.strip().startswith("NTP=") else words[:1]
        yield from (name for name in map(plain_name, wanted) if name)


def _address(digits: str) -> str:
    return str(ipaddress.IPv4Address(bytes.fromhex(digits)[::-1]))
