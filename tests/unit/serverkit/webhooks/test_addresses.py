"""Which addresses webhooks call."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from serverkit.called_addresses import refusal_of

INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::", "2001:0:1::f5ff:fffe",
)  # fmt: skip


@pytest.mark.row("B20")
@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused_however_they_are_written(address: str) -> None:
    """Loopback, private, link-local, shared and multicast addresses, also those within one of version 6."""
    assert refusal_of(address, ()) is not None


@pytest.mark.row("B20")
def test_addresses_outside_and_allowed_networks_are_called() -> None:
    """A public address is called by https; by http only what is in an allowed network."""
    allowed = [ip_network("10.1.0.0/16")]
    assert refusal_of("93.184.216.34", ()) is None
    assert refusal_of("2606:4700::1111", ()) is None
    assert refusal_of("10.1.2.3", allowed, plain=True) is None
    assert refusal_of("::ffff:10.1.2.3", allowed) is None
    assert refusal_of("10.2.2.3", allowed) is not None
    assert refusal_of("93.184.216.34", (), plain=True) is not None
