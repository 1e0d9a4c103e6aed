"""The event log of a virtual account tells of every device that came, changed and went."""

from __future__ import annotations

from typing import Any

import pytest

from agent.device import Device
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.identity import Udi
from tests.world import ACCOUNT, World

SERVERS = ("central", "satellite")
JOB = {"central": "deadlines", "satellite": "devices"}


def entries(world: World, name: str | None, side: str = "central") -> list[dict[str, Any]]:
    """The event log of a virtual account, or of all, newest first."""
    words = ["--virtual-account", name] if name else []
    found = world.central("events", ACCOUNT, *words) if side == "central" else world.satellite("events", *words)
    items: list[dict[str, Any]] = found["items"]
    return items


def said(world: World, name: str | None, side: str = "central") -> dict[str, str]:
    """The newest message of each kind of event in such a log; a satellite's own by the kind that it has there."""
    found = entries(world, name, side)
    return {event["subject"].get("event", event["kind"]): event["message"] for event in reversed(found)}


def pool_of(server: str) -> str:
    """Where devices of a server register."""
    return "Spare" if server == "central" else "Site"


def two_pools(world: World) -> None:
    """A second virtual account for the satellite."""
    world.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    world.synchronize("pool")


def reserving(world: World, serial: str, *licences: str) -> tuple[Device, dict[str, Any]]:
    """A device without a network that holds licences of *Spare*."""
    device = world.unregistered(serial, "central")
    code = device.reserve_request(Udi(pid="SW-48", serial=serial), (world.folder / "root.json").read_bytes())
    words = [word for licence in licences for word in ("--licence", licence)]
    place = ("--virtual-account", "Spare", "--request-code", code)
    made = world.central("reservation", "create", ACCOUNT, *place, *words, "--output", world.file("code"))
    return device, made


@pytest.mark.both_databases
@pytest.mark.row("C7.7", "C12.6")
def test_the_log_of_a_virtual_account_tells_what_left_it_and_what_was_renewed(vendor: World) -> None:
    """A renewed identity, a transfer with both names in both logs, and a device that removes itself with its licences."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.use("ADVANTAGE", 2)
    device.use("ADVANTAGE", 1)
    device.renew_identity()
    vendor.central("instance", "transfer", ACCOUNT, str(device.state.instance), "--to", "Site")
    device.deregister()

    spare, there = said(vendor, "Spare"), said(vendor, "Site")

    assert spare["instance:added"] == "product instance PID:SW-48 SN:SN1 added to Spare"
    assert spare["instance:requested_licences"] == (
        "PID:SW-48 SN:SN1 in Spare requested 1 of Advantage; 1 of Advantage free again"
    )
    assert spare["instance:renewed_certificate"] == "PID:SW-48 SN:SN1 in Spare renewed its identity certificate"
    assert "SN1" in spare["instance:transferred"]
    assert "from Spare to Site" in spare["instance:transferred"]
    assert spare["instance:transferred"] == there["instance:transferred"]
    assert there["instance:removed"] == (
        "product instance PID:SW-48 SN:SN1 in Site removed itself; 1 of Advantage free again"
    )


@pytest.mark.row("C7.7", "S3.2", "C12.6")
def test_a_satellite_and_central_tell_both_virtual_accounts_of_what_a_site_moves_and_removes(site: World) -> None:
    """Both logs at both servers name device, licence and both virtual accounts; also for what came and went between files."""
    two_pools(site)
    device, brief = site.device("SN1", hostname="north-1"), site.device("SN2")
    device.use("ADVANTAGE", 2)
    site.synchronize("1")
    brief.deregister()
    site.device("SN3").deregister()
    site.satellite("instance", "transfer", str(device.state.instance), "--to", "Spare")
    site.synchronize("2")
    moved = {name: said(site, name) for name in ("Site", "Spare")}
    at_site = {name: said(site, name, "satellite")["instance:transferred"] for name in ("Site", "Spare")}
    site.satellite("instance", "remove", str(device.state.instance))
    site.synchronize("3")
    gone = said(site, "Spare")
    own = [event["message"] for event in entries(site, "Spare") if event["kind"].endswith("_via_satellite")]
    told_of_third = [event for event in entries(site, "Site") if "SN3" in event["message"]]

    assert set(at_site.values()) == {"product instance north-1 transferred from Site to Spare"}
    for name in ("Site", "Spare"):
        ours = [event["message"] for event in entries(site, name) if event["kind"] == "instance:transferred"]
        assert ours == ["product instance north-1 transferred from Site to Spare via satellite North"]
        assert moved[name]["instance:transferred"] == (
            "product instance north-1 transferred from Site to Spare via satellite North"
        )
    assert "removed from Site via satellite North" in moved["Site"]["instance:removed_via_satellite"]
    assert moved["Site"]["instance:requested_licences"] == (
        "north-1 in Site requested 2 of Advantage (satellite North)"
    )
    assert gone["instance:removed"] == (
        "product instance north-1 in Spare removed; 2 of Advantage free again (satellite North)"
    )
    assert any("north-1 removed from Spare via satellite North" in message for message in own)
    assert {event["subject"]["event"] for event in told_of_third} == {"instance:added", "instance:removed"}


@pytest.mark.row("C7.7", "C10.3")
def test_a_removed_satellite_is_told_of_where_its_devices_were(site: World) -> None:
    """The log of the virtual account says how many went with which satellite, and what is free."""
    site.device("SN1").use("ADVANTAGE", 2)
    site.synchronize("1")
    site.central("satellite", "remove", ACCOUNT, "North")

    assert said(site, "Site")["instance:removed_via_satellite"] == (
        "1 product instance removed from Site with satellite North; 2 of Advantage free again"
    )


@pytest.mark.row("C7.5", "C7.7", "C12.6")
@pytest.mark.parametrize("server", SERVERS)
def test_licences_of_a_silent_device_are_named_when_they_are_free(site: World, server: str) -> None:
    """After 30 days a device is said to be silent, after 90 its licences are free: in the log of its virtual account."""
    pool = pool_of(server)
    device = site.device("SN1", server, site.token(server, pool=pool))
    device.use("ADVANTAGE", 2)
    for step in ("31d", "60d"):
        site.advance(step)
        (site.central if server == "central" else site.satellite)("jobs", "run", JOB[server])
    told = said(site, pool, server)

    assert told["instance:failed_to_connect"] == f"PID:SW-48 SN:SN1 in {pool} has not connected for 30 days"
    assert (
        told["instance:licences_freed"]
        == f"PID:SW-48 SN:SN1 in {pool} was silent for 90 days; 2 of Advantage free again"
    )


@pytest.mark.row("C7.6", "C7.7")
@pytest.mark.parametrize("server", SERVERS)
def test_a_change_of_the_active_unit_is_in_the_log_of_its_virtual_account(site: World, server: str) -> None:
    """Directly and by way of a satellite, central's log of the virtual account has it, like the server's own."""
    standby = Udi(pid="SW-48", serial="SN2")
    pool = pool_of(server)
    device = site.device("SN1", server, site.token(server, pool=pool), standbys=(standby,))
    device.transfer_active(standby)
    if server == "satellite":
        site.synchronize("1")

    assert (
        "SN:SN2 is the active member in place of PID:SW-48 SN:SN1"
        in said(site, pool, server)["instance:active_changed"]
    )
    assert "SN:SN2 is the active member in place of PID:SW-48 SN:SN1" in said(site, pool)["instance:active_changed"]


@pytest.mark.row("S4.1", "C7.7")
@pytest.mark.parametrize("server", SERVERS)
def test_the_event_of_a_clone_carries_its_own_name_only(site: World, server: str) -> None:
    """Two machines with one identity: one event each, with the host name of that machine and not of the other."""
    pool = pool_of(server)
    first = site.device("SN1", server, site.token(server, pool=pool), hostname="alpha")
    copy = site.unregistered("SN1-copy", server)
    request = RegistrationRequest(
        token=site.token(server, pool=pool), udi=Udi(pid="SW-48", serial="SN1"), hostname="beta"
    )
    copy.register(request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None))
    first.renew_authorization()
    if server == "satellite":
        site.synchronize("1")
    for side in dict.fromkeys((server, "central")):
        seen = [
            event["message"]
            for event in entries(site, pool, side)
            if event["subject"].get("event", event["kind"]) == "instance:clone_seen"
        ]
        assert sorted(("alpha" in message, "beta" in message) for message in seen) == [(False, True), (True, False)]


@pytest.mark.row("C8.3", "C7.7")
@pytest.mark.parametrize("server", SERVERS)
def test_restricted_licences_are_named_with_their_device(site: World, server: str) -> None:
    """Asked for, granted, refused, delivered and returned: each event names licence, quantity and device."""
    pool = pool_of(server)
    site.central("order", "import", ACCOUNT, site.file("o.csv", "virtual_account,tag,quantity\nSpare,STRONG,2\n"))
    device = site.device("SN1", server, site.token(server, pool=pool))

    def exchange(mark: str) -> None:
        if server == "satellite":
            site.synchronize(mark)
        device.renew_authorization()
        device.renew_authorization()

    device.request_export("STRONG", 2)
    exchange("1")
    device.return_export("STRONG")
    device.request_export("STRONG", 7)
    exchange("2")
    if server == "satellite":
        site.synchronize("3")
    of_sides = [said(site, pool), *([said(site, pool, "satellite")] if server == "satellite" else [])]

    for told in of_sides:
        for kind, count in (("granted", 2), ("delivered", 2), ("returned", 2), ("failed", 7)):
            message = told[f"export:{kind}"]
            assert f"{count} of Strong encryption" in message
            assert f"PID:SW-48 SN:SN1 in {pool}" in message
            assert "STRONG" not in message


@pytest.mark.both_databases
@pytest.mark.row("C3.3", "C3.10", "C6.10")
def test_reservations_and_ended_terms_name_the_licence_and_the_quantity_of_each_end(vendor: World) -> None:
    """Reserved, raised, lowered, confirmed, cancelled, returned and expired: names, not tags, with the quantity of each end."""
    columns = "virtual_account,tag,quantity,type,start,end"
    terms = "Spare,ESSENTIALS,1,term,2020-01-01,2099-11-30", "Spare,ESSENTIALS,9,perpetual,,"
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", "\n".join((columns, *terms, ""))))
    device, made = reserving(vendor, "AIR-1", "ESSENTIALS=10")
    of = ("reservation", "update", ACCOUNT, made["id"])
    device.reserve_install((vendor.folder / "code").read_text())
    vendor.central("reservation", "confirm", ACCOUNT, made["id"], "--code", str(device.reserve_confirmation()))
    vendor.central(*of, "--licence", "ESSENTIALS=1", "--licence", "ADVANTAGE=2", "--output", vendor.file("c2"))
    first = said(vendor, "Spare")
    vendor.central("reservation", "cancel", ACCOUNT, made["id"])
    back = device.reserve_return()
    vendor.central("instance", "remove", ACCOUNT, made["instance"], "--return-code", str(back))
    last = said(vendor, "Spare")

    whole = "10 of Essentials (1 until the end of 30 Nov 2099 UTC, 9 perpetual)"
    assert first["licences:reserved"] == f"licences reserved for PID:SW-48 SN:AIR-1 in Spare: {whole}"
    assert first["reservation:raised"] == (
        "the reservation for PID:SW-48 SN:AIR-1 in Spare was raised by 2 of Advantage (2 perpetual)"
    )
    assert first["reservation:lowered"].startswith(
        "the reservation for PID:SW-48 SN:AIR-1 in Spare was lowered by 9 of Essentials (1 until the end of 30 Nov 2099 UTC, 8"
    )
    assert whole in first["reservation:confirmed"]
    assert whole in last["reservation:update_cancelled"]
    assert last["reservation:ended"].endswith(f"; {whole}")
    assert not any("ESSENTIALS" in event["message"] for event in entries(vendor, "Spare"))


@pytest.mark.row("C3.3", "C3.10")
def test_an_ended_term_is_named_by_its_licence(vendor: World) -> None:
    """What expired is told with its name."""
    columns = "virtual_account,tag,quantity,type,start,end"
    term = f"{columns}\nSpare,ESSENTIALS,4,term,2020-01-01,2021-01-01\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", term))
    vendor.central("jobs", "run", "terms")

    assert said(vendor, "Spare")["licences:expired"] == "4 of Essentials expired and were removed"
