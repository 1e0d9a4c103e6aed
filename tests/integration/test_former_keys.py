"""What a former key holds is shown, comes to its end, and is released by the vendor without the device (rows C8.3, S4.1)."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from agent.device import Device
from agent.joining import RegistrationRequest
from central.domain.export_control.models import GrantRecord
from central.runtime import open_central
from exchange.identity import Udi
from serverkit.actor import SYSTEM
from tests.alarms import cleared, raised
from tests.integration.test_given_up_rights import SERVER, home_of
from tests.world import ACCOUNT, World

STOCK = "virtual_account,tag,quantity,order_number,order_line\nSpare,STRONG,2,O-9,1\n"


def register(world: World, device: Device, serial: str, server: str) -> None:
    """Register as SW-48 with this serial number."""
    token = world.token(server, pool="Spare" if server == "central" else "Site")
    wanted = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial=serial))
    device.register(wanted, (world.folder / "root.json").read_bytes(), SERVER)


def holding(world: World, server: str) -> Device:
    """A device that installed a restricted unit."""
    world.central("order", "import", ACCOUNT, world.file("stock.csv", STOCK))
    world.central("policy", "set", "grant_days", "60")
    device = home_of(world, "before", server)
    register(world, device, "SN1", server)
    device.request_export("STRONG", 1)
    told(world, server, "granted")
    device.renew_authorization()
    told(world, server, "installed")
    assert device.may_use("STRONG").allowed
    return device


def told(world: World, server: str, mark: str) -> None:
    """The site synchronizes, where there is one."""
    if server == "satellite":
        world.synchronize(mark)


def end_of(world: World) -> datetime:
    """When the one grant that central knows ends."""
    made = open_central(world.folder / "central")
    with made.database.read(SYSTEM) as unit:
        end = unit.session.scalars(select(GrantRecord.not_after)).one()
    made.database.dispose()
    return end


def pool(server: str) -> str:
    """Where the devices of a server are."""
    return "Spare" if server == "central" else "Site"


@pytest.mark.row("C8.3", "S4.1", "C10.4")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_what_a_former_key_holds_is_an_alert_that_ends_with_the_vendors_release(site: World, server: str) -> None:
    """The device registers again with a new key: alert at once, release by the vendor, and the new key gets a unit."""
    holding(site, server)
    before = "instance_failed_to_connect" in site.alerts()
    again = home_of(site, "after", server)
    register(site, again, "SN1", server)
    of_site = site.alerts("satellite")
    told(site, server, "again")
    alert = raised(site, "central", "instance_failed_to_connect")[0]
    instance = alert["subject"]["instance"]
    words = ("instance", "release", ACCOUNT, instance, "--reason", "destroyed, statement of 3 May")
    released = site.central(*words)["released"]
    once_more = site.central(*words, code=1)["error"]["code"]
    told(site, server, "released")
    again.request_export("STRONG", 1)
    told(site, server, "asked")
    again.renew_authorization()

    assert not before
    assert ("instance_failed_to_connect" in of_site) == (server == "satellite")
    assert "former key" in alert["message"]
    assert "1 of Strong encryption" in alert["message"]
    assert len(released) == 1
    assert once_more == "no_former_key"
    cleared(site, "central", "instance_failed_to_connect")
    assert "instance_failed_to_connect" not in site.alerts("satellite")
    assert again.may_use("STRONG").allowed
    assert site.licence("STRONG", pool=pool(server))["in_use"] == 1
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C8.3", "S4.1")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_what_a_former_key_holds_comes_to_its_end(site: World, server: str) -> None:
    """The new key is in contact: the former key's grant is not renewed, and its unit is free."""
    holding(site, server)
    again = home_of(site, "after", server)
    register(site, again, "SN1", server)
    told(site, server, "again")
    ends = [end_of(site)]
    for month in range(3):
        site.advance("28d", again)
        again.renew_authorization()
        told(site, server, f"month-{month}")
        ends.append(end_of(site))
    site.central("jobs", "run", "terms")

    assert set(ends) == {ends[0]}
    assert site.licence("STRONG", pool=pool(server))["in_use"] == 0


@pytest.mark.row("C8.2", "S4.1")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_what_a_device_holds_is_renewed_as_long_as_it_installs_it(site: World, server: str) -> None:
    """Five months later the same grant gives the right, in a further generation."""
    device = holding(site, server)
    first = end_of(site)
    for month in range(6):
        site.advance("28d", device)
        told(site, server, f"sent-{month}")
        device.renew_authorization()

    assert device.may_use("STRONG").allowed
    assert end_of(site) > first
    assert max(grant.generation for grant in device.state.grants.values()) >= 3


@pytest.mark.row("C8.2", "C8.3")
def test_a_site_that_never_hands_a_renewal_over_gets_no_further_one(site: World) -> None:
    """The device is silent: its grant is renewed once, since no one says that the renewal was installed."""
    holding(site, "satellite")
    ends = [end_of(site)]
    for month in range(5):
        site.advance("28d")
        site.synchronize(f"month-{month}")
        ends.append(end_of(site))

    assert len(set(ends)) == 2
