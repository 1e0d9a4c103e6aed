"""Addresses of callers: what counts as one, and from which ones an access token may be used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from serverkit.errors import InvalidInputError, Remedy

MOST = 32


class InvalidNetworkError(InvalidInputError):
    """The refusal `invalid_address`."""

    code = "invalid_address"
    message = "An address for the token is neither an IP address nor a network."
    remedy = Remedy(
        "Use addresses such as 192.0.2.7 or networks such as 2001:db8::/32, 32 at most.", page="settings.md"
    )


@lru_cache(4096)
def network_of(address: str) -> str:
    """What is counted of an address: the holder of one of IPv6 has the other 2^64 of its network too."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    plain = getattr(found, "ipv4_mapped", None) or found
    return str(plain) if plain.version == 4 else str(ip_network(f"{plain}/64", strict=False))


def check_networks(texts: Sequence[str]) -> list[str]:
    """Networks in their usual form; InvalidNetworkError."""
    if len(texts) > MOST:
        raise InvalidNetworkError
    try:
        return sorted({str(ip_network(text.strip())) for text in texts})
    except ValueError as error:
        raise InvalidNetworkError(str(error)[:200]) from error


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; always where there are none."""
    if not networks:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    plain = getattr(here, "ipv4_mapped", None) or here
    return any(plain in ip_network(network) for network in networks)
