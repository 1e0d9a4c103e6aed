"""Nothing that a device reports is larger than a row of a file: it cannot keep its site from synchronizing (rows S2.3, E2)."""

from __future__ import annotations

import pytest

import agent.device
from agent.errors import ServerRefusedError
from exchange.identity import Udi
from tests.world import ACCOUNT, CATALOGUE, World

PARTS = ("pid", "serial", "uuid", "vid", "host_identifier", "suvi", "mac_address")


def _long(number: int) -> Udi:
    return Udi(**dict.fromkeys(PARTS, f"{number}{'é' * 250}"))


@pytest.mark.both_databases
@pytest.mark.row("S2.3", "E2", "C7.6")
def test_a_device_that_reports_much_keeps_its_site_synchronizing(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many licences with long tags, a set of units with long identities: central learns of all of it; no tag is too long."""
    tags = [f"LICENCE-{'L' * 60}-{number}" for number in range(80)]
    rows = "".join(f"entitlement,{tag},Licence {number},\n" for number, tag in enumerate(tags))
    site.central("catalogue", "import", site.file("more.csv", CATALOGUE + rows))
    site.synchronize("catalogue")
    device = site.device("SN1", standbys=tuple(_long(number) for number in range(32)))
    device.state.uses.update(dict.fromkeys(tags, 1))
    device._store.save(device.state)
    device.use("ADVANTAGE", 1)
    monkeypatch.setattr(agent.device, "check_tag", lambda _tag: None)  # another maker's device
    with pytest.raises(ServerRefusedError) as refused:
        device.request_export("T" * 256, 1)
    _, answered, applied = site.synchronize("much")
    (known,) = site.central("instances", ACCOUNT)["items"]
    used = [row["tag"] for row in site.central("licences", ACCOUNT)["items"] if row["in_use"]]
    (event,) = (
        row
        for row in site.central("events", ACCOUNT)["items"]
        if row["kind"] == "instance:requested_licences_via_satellite"
    )

    assert (answered["outcome"], applied["outcome"]) == ("applied", "applied")
    assert refused.value.reason == "malformed"
    assert known["serial"] == "SN1"
    assert sorted(used) == sorted([*tags, "ADVANTAGE"])
    assert event["subject"]["left_out"] > 0
