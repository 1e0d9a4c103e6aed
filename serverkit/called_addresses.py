"""Which addresses this server calls for others: those of the internet, and the networks that a setting allows."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def refusal_of(text: str, allowed: Sequence[Network], *, plain: bool = False) -> str | None:
    """Why an IP address is not called; None where it is. `plain`: nothing encrypts what is sent there."""
    found = meant_by(ipaddress.ip_address(text.partition("%")[0]))
    if any(found in network for network in allowed):
        return None
    if not found.is_global or found.is_multicast or found.is_reserved:
        return f"{found} is an address of this machine or of an internal network"
    return f"{found} is outside the allowed networks, and http:// encrypts nothing" if plain else None


def meant_by(found: Address) -> Address:
    """The address that is reached: that of version 4 which one of version 6 stands for."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    within = found.ipv4_mapped or found.sixtofour
    if within is None and found in _NAT64:
        within = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if within is None and found.teredo is not None:
        within = found.teredo[1]
    return within or found
