"""Files between central and satellite: what arrives, what repeats, what changes nothing."""

from __future__ import annotations

import pytest

from tests.world import ACCOUNT, World


@pytest.mark.both_databases
@pytest.mark.row("S2.3", "C11.2", "C3.1")
def test_first_synchronization_carries_every_device_and_count(site: World) -> None:
    """After one round trip central shows each device of the site and what it uses."""
    for number in range(3):
        site.device(f"SN{number}").use("ADVANTAGE", 1)
    made, _, applied = site.synchronize()
    instances = site.central("instances", ACCOUNT)["items"]

    assert made["full"]
    assert made["counts"]["instance"] == 3
    assert applied["outcome"] == "applied"
    assert {i["serial"] for i in instances} == {"SN0", "SN1", "SN2"}
    assert {i["satellite"] for i in instances} == {"North"}
    assert site.licence("ADVANTAGE")["in_use"] == 3
    assert site.central("ledger", "verify")["ok"]
