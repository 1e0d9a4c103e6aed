"""Addresses from which an access token may be used."""

from __future__ import annotations

from collections.abc import Sequence
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
