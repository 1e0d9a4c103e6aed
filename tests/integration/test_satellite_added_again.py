"""A satellite that central removed and added again: with fewer virtual accounts, and with what its devices hold (rows C1.3, C11.3)."""

from __future__ import annotations

import pytest

from agent.device import Device
from agent.errors import ServerRefusedError
from tests.alarms import cleared, raised
from tests.integration import test_identity as identity
from tests.world import ACCOUNT, World


def with_two(world: World) -> tuple[Device, Device]:
    """A device in each of the satellite's two virtual accounts, known at central."""
    world.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    world.synchronize("extended")
    first = world.device("SN1")
    first.use("ADVANTAGE", 1)
    second = world.device("SN2", token=world.token(pool="Spare"))
    second.use("ADVANTAGE", 2)
    world.synchronize("both")
    return first, second


def added_again(world: World, *pools: str) -> None:
    """Remove the satellite at central and add it with these virtual accounts."""
    world.central("satellite", "remove", ACCOUNT, "North")
    world.satellite("registration", "export", "--output", world.file("again"))
    words = [word for pool in pools for word in ("--virtual-account", pool)]
    world.central("satellite", "add", ACCOUNT, "--name", "North", *words, "--registration", world.file("again"))
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file("authorization-2"))
    world.satellite("registration", "import", world.file("authorization-2"))


def serials(world: World) -> set[str]:
    """The devices that central knows."""
    return {row["serial"] for row in identity.instances(world, "central")}


@pytest.mark.row("C1.3", "C11.3")
def test_a_satellite_added_again_with_fewer_virtual_accounts_synchronizes(site: World) -> None:
    """What is in the others stays at the site, without licences, and is named until it is transferred or removed."""
    first, second = with_two(site)
    token = site.token(pool="Spare")
    added_again(site, "Site")
    site.synchronize("1")
    known = serials(site), site.licence("ADVANTAGE")["in_use"], site.licence("ADVANTAGE", pool="Spare")["in_use"]
    (alert,) = raised(site, "satellite", "virtual_account_released")
    kinds = site.alerts("satellite")
    events = [row["message"] for row in identity.events(site, "satellite") if row["kind"] == "virtual_account:released"]
    with pytest.raises(ServerRefusedError) as refused:
        site.device("SN3", token=token)
    site.satellite("token", "create", "--virtual-account", "Spare", "--days", "3", code=1)
    second.use("ADVANTAGE", 2)
    short = second.rights["ADVANTAGE"].count
    site.synchronize("2")
    site.satellite("instance", "transfer", str(second.state.instance), "--to", "Site")
    second.renew_authorization()
    site.synchronize("3")
    first.renew_authorization()
    cleared(site, "satellite", "virtual_account_released")

    assert known == ({"SN1"}, 1, 0)
    assert "1 product instance in it" in alert["message"]
    assert "insufficient_licences" not in kinds
    assert events == ["virtual account Spare is not this satellite's any more; product instances in it: 1"]
    assert refused.value.reason == "token_refused"
    assert short == 2
    assert serials(site) == {"SN1", "SN2"}
    assert site.licence("ADVANTAGE")["in_use"] == 3
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C1.3", "C11.3")
def test_a_virtual_account_that_comes_back_brings_its_devices(site: World) -> None:
    """The next request is a full one, although nothing of them changed; their restricted units are counted as before."""
    _, second = with_two(site)
    site.central("order", "import", ACCOUNT, site.file("s.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    second.request_export("STRONG", 1)
    site.synchronize("asked")
    second.renew_authorization()
    added_again(site, "Site")
    site.synchronize("1")
    site.synchronize("2")
    away = serials(site)
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize("3")
    site.synchronize("4")
    second.return_export("STRONG")
    before = site.licence("STRONG", pool="Spare")["in_use"]
    site.synchronize("5")

    assert away == {"SN1"}
    assert serials(site) == {"SN1", "SN2"}
    assert site.licence("ADVANTAGE", pool="Spare")["in_use"] == 2
    assert (before, site.licence("STRONG", pool="Spare")["in_use"]) == (1, 0)
    assert "virtual_account_released" not in site.alerts("satellite")


@pytest.mark.row("C1.3", "C11.3")
def test_restricted_units_follow_their_device_into_a_virtual_account_that_stayed(site: World) -> None:
    """Central does not know the device at that time; with its next request the units are counted where it is."""
    _, second = with_two(site)
    site.central("order", "import", ACCOUNT, site.file("s.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    second.request_export("STRONG", 1)
    site.synchronize("asked")
    second.renew_authorization()
    added_again(site, "Site")
    site.synchronize("1")
    site.satellite("instance", "transfer", str(second.state.instance), "--to", "Site")
    site.synchronize("2")
    second.renew_authorization()

    strong = [row for row in site.central("licences", ACCOUNT)["items"] if row["tag"] == "STRONG"]
    assert {row["virtual_account"]: row["in_use"] for row in strong if row["in_use"]} == {"Site": 1}
    assert second.may_use("STRONG").allowed
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C1.3", "C8.2", "S3.3")
def test_a_request_from_a_virtual_account_that_is_not_the_satellites_says_so(site: World) -> None:
    """One that central has not decided fails with that reason, a new one is refused; after a transfer it is decided."""
    _, second = with_two(site)
    second.request_export("STRONG", 2)
    added_again(site, "Site")
    (failed,) = site.satellite("export-queue")["items"]
    with pytest.raises(ServerRefusedError) as refused:
        second.request_export("STRONG", 1)
    site.synchronize("1")
    told = [row["message"] for row in site.central("events", ACCOUNT)["items"] if row["kind"] == "export:failed"]
    site.satellite("instance", "transfer", str(second.state.instance), "--to", "Site")
    second.request_export("STRONG", 1)
    site.synchronize("2")
    second.renew_authorization()

    assert (failed["state"], failed["reason"]) == ("failed", "cancelled")
    assert failed["message"] == "The virtual account is not this satellite's any more."
    assert refused.value.reason == "virtual_account_released"
    assert told == []
    assert second.may_use("STRONG").allowed
