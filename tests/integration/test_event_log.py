"""The event log of a virtual account tells of every device that came, changed and went."""

from __future__ import annotations

import pytest

from tests.world import ACCOUNT, World


@pytest.mark.row("C7.7", "C12.6")
def test_the_log_of_a_virtual_account_tells_what_left_it_and_what_was_renewed(vendor: World) -> None:
    """A renewed identity, a transfer with both names in both logs, and a device that removes itself."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.renew_identity()
    vendor.central("instance", "transfer", ACCOUNT, str(device.state.instance), "--to", "Site")
    device.deregister()

    def log(name: str) -> dict[str, str]:
        found = vendor.central("events", ACCOUNT, "--virtual-account", name)["items"]
        return {event["kind"]: event["message"] for event in found}

    spare, there = log("Spare"), log("Site")

    assert "SN1" in spare["instance:renewed_certificate"]
    assert "from Spare to Site" in spare["instance:transferred"]
    assert spare["instance:transferred"] == there["instance:transferred"]
    assert "SN1" in there["instance:removed"]
