"""One machine is one instance: spelling of identities, sets, clones, restored devices, the same hardware twice."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from agent.device import Device
from agent.errors import AgentError, ServerRefusedError
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.errors import ExchangeError
from exchange.identity import Udi
from tests.world import ACCOUNT, World

SERVERS = pytest.mark.parametrize("server", ["satellite", "central"])
POOL = {"satellite": "Site", "central": "Spare"}


def unit(serial: str) -> Udi:
    """A unit of the product that these tests use."""
    return Udi(pid="SW-48", serial=serial)


def instances(world: World, server: str) -> list[dict[str, Any]]:
    """The instances of a server."""
    found = world.satellite("instances") if server == "satellite" else world.central("instances", ACCOUNT)
    rows: list[dict[str, Any]] = found["items"]
    return rows


def clones(world: World, server: str) -> list[dict[str, Any]]:
    """The open alerts about identities that show twice."""
    found = world.satellite("alerts") if server == "satellite" else world.central("alerts", ACCOUNT)
    return [alert for alert in found["items"] if alert["kind"] == "device_clone"]


def events(world: World, server: str) -> list[dict[str, Any]]:
    """The events of a server."""
    found = world.satellite("events") if server == "satellite" else world.central("events", ACCOUNT)
    rows: list[dict[str, Any]] = found["items"]
    return rows


def remove(world: World, server: str, instance: str) -> None:
    """An administrator takes an instance off."""
    if server == "satellite":
        world.satellite("instance", "remove", instance)
    else:
        world.central("instance", "remove", ACCOUNT, instance)


def join(world: World, device: Device, registration_request: RegistrationRequest) -> None:
    """Register a device with what it says of itself."""
    device.register(
        registration_request, (world.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
    )


def taken_over(world: World, server: str) -> tuple[Device, Device]:
    """A device whose place was taken by a machine with a new key, and that machine."""
    token = world.token(server, pool=POOL[server])
    world.device("SN1", server, token, hostname="old-host")
    (world.folder / "devices" / "SN1").rename(world.folder / "devices" / "old")
    new = world.device("SN1", server, token, hostname="new-host")
    return world.unregistered("old", server), new


@pytest.mark.both_databases
@pytest.mark.row("S4.1")
@SERVERS
def test_case_and_blanks_around_make_no_new_device(site: World, server: str) -> None:
    """PID and serial are trimmed and compared without regard to case; the first spelling stays on show."""
    token = site.token(server, pool=POOL[server])
    for number, serial in enumerate(["FOC2222A1BC", "foc2222a1bc", " FOC2222A1BC "]):
        device = site.unregistered(f"spelling-{number}", server)
        join(site, device, RegistrationRequest(token=token, udi=Udi(pid=" SW-48", serial=serial)))
    rows = instances(site, server)

    assert [(row["pid"], row["serial"]) for row in rows] == [("SW-48", "FOC2222A1BC")]


@pytest.mark.row("S4.1")
@pytest.mark.parametrize("serial", ["FOC 2222", "", "  ", "A\tB", "A\u00a0B"])
def test_a_serial_number_that_no_device_has_is_refused_by_name(serial: str) -> None:
    """Blanks inside, other control characters, and nothing at all are no serial number."""
    with pytest.raises(ExchangeError, match="serial"):
        Udi(pid="SW-48", serial=serial)


@pytest.mark.row("S4.1")
def test_a_uuid_is_kept_in_lower_case() -> None:
    """The same UUID in capitals, with or without dashes, is the same device."""
    capitals = Udi(pid="UCM", serial="1", uuid="6FE83ADD-C802-40BC-92DC-071AC7A37624")
    plain = Udi(pid="UCM", serial="1", uuid="6fe83addc80240bc92dc071ac7a37624")

    assert capitals.uuid == "6fe83add-c802-40bc-92dc-071ac7a37624"
    assert capitals.key == plain.key


@pytest.mark.row("S4.1", "C10.2", "B6")
@SERVERS
def test_an_old_key_that_is_heard_again_raises_one_alert_that_ends_with_one_of_the_two(
    site: World, server: str
) -> None:
    """Both machines are counted under their own names; one alert names both; removing one clears it."""
    old, _ = taken_over(site, server)
    assert clones(site, server) == []
    old.renew_authorization()
    rows, alerts = instances(site, server), clones(site, server)
    reply = [event for event in events(site, server) if "two machines" in event["message"]]
    remove(site, server, next(row["id"] for row in rows if row["name"] == "old-host"))
    left = instances(site, server)

    assert sorted(row["name"] for row in rows) == ["new-host", "old-host"]
    assert len(alerts) == 1
    assert "old-host" in alerts[0]["message"]
    assert "new-host" in alerts[0]["message"]
    assert len(reply) == 2
    assert not any("old-host" in event["message"] and "new-host" in event["message"] for event in reply)
    assert clones(site, server) == []
    assert [(row["name"], row["marks"]) for row in left] == [("new-host", [])]


@pytest.mark.row("S4.1", "B6")
@SERVERS
def test_a_clone_that_registers_again_keeps_its_own_instance(site: World, server: str) -> None:
    """The key is looked up before the UDI: no fault of the server, no instance without a key."""
    old, new = taken_over(site, server)
    join(
        site,
        old,
        RegistrationRequest(token=site.token(server, pool=POOL[server]), udi=unit("SN1"), hostname="old-host"),
    )
    new.renew_authorization()
    old.renew_authorization()
    rows = instances(site, server)

    assert {row["id"] for row in rows} == {old.state.instance, new.state.instance}
    assert len(rows) == 2
    assert len(clones(site, server)) == 1


@pytest.mark.row("S4.2")
@SERVERS
def test_a_device_is_marked_restored_when_it_goes_on_and_for_one_interval(site: World, server: str) -> None:
    """Going on above the number it was told marks it; after a renewal interval the mark has lapsed."""
    device = site.device("SN1", server, site.token(server, pool=POOL[server]))
    copy = site.folder / "devices" / "kept"
    shutil.copytree(site.folder / "devices" / "SN1", copy)
    device.renew_authorization()
    device.renew_authorization()
    shutil.rmtree(site.folder / "devices" / "SN1")
    copy.rename(site.folder / "devices" / "SN1")
    restored = site.unregistered("SN1", server)
    restored.renew_authorization()
    marked = instances(site, server)[0]["marks"]
    site.advance("31d", restored)
    run = site.satellite if server == "satellite" else site.central
    run("jobs", "run", "devices" if server == "satellite" else "deadlines")

    assert marked == ["restored"]
    assert instances(site, server)[0]["marks"] == []
    assert clones(site, server) == []


@pytest.mark.row("S4.2", "C10.2")
@SERVERS
def test_two_machines_with_one_key_are_an_alert_that_ends_when_their_instance_goes(site: World, server: str) -> None:
    """A second jump within a renewal interval is a clone: the copied disk of a machine that runs on."""
    device = site.device("SN1", server, site.token(server, pool=POOL[server]))
    shutil.copytree(site.folder / "devices" / "SN1", site.folder / "devices" / "copy")
    copy = site.unregistered("copy", server)
    device.renew_authorization()
    copy.renew_authorization()
    first = instances(site, server)[0]["marks"]
    device.renew_authorization()
    alerts = clones(site, server)
    remove(site, server, str(device.state.instance))

    assert first == ["restored"]
    assert len(alerts) == 1
    assert clones(site, server) == []


@pytest.mark.row("S4.1", "B6")
@SERVERS
def test_a_dismissed_alert_about_a_key_comes_back_when_the_key_is_used_twice_again(site: World, server: str) -> None:
    """On another day: the two machines that answer each other all day long are one alert, open or dismissed."""
    device = site.device("SN1", server, site.token(server, pool=POOL[server]))
    shutil.copytree(site.folder / "devices" / "SN1", site.folder / "devices" / "copy")
    copy = site.unregistered("copy", server)
    for machine in (device, copy, device):
        machine.renew_authorization()
    dismissed = clones(site, server)[0]["id"]
    if server == "central":
        site.central("alert", "dismiss", ACCOUNT, dismissed)
    else:
        site.satellite("alert", "dismiss", dismissed)
    copy.renew_authorization()
    same_day = clones(site, server)
    site.advance("2d", device, copy)
    next_day = clones(site, server)
    device.renew_authorization()

    assert (same_day, next_day) == ([], [])
    assert [alert["id"] for alert in clones(site, server)] == [dismissed]


@pytest.mark.row("S4.2")
@SERVERS
def test_an_old_message_replayed_by_a_third_party_marks_nobody(site: World, server: str) -> None:
    """The refusal tells the sender a number; only the device itself can go on above it."""
    device = site.device("SN1", server, site.token(server, pool=POOL[server]))
    heard: list[tuple[str, bytes]] = []
    wire = site.wire(server)
    post = wire.post

    def listening(path: str, body: bytes) -> Any:
        heard.append((path, body))
        return post(path, body)

    wire.post = listening  # type: ignore[method-assign]
    device.renew_authorization()
    wire.post = post  # type: ignore[method-assign]
    device.renew_authorization()
    for _ in range(3):
        assert post(*heard[0]).status == 409
        device.renew_authorization()

    assert instances(site, server)[0]["marks"] == []
    assert clones(site, server) == []


@pytest.mark.both_databases
@pytest.mark.row("C7.6", "S4.3")
@SERVERS
def test_both_units_of_a_set_stay_one_instance_through_fail_over_re_image_and_swap(site: World, server: str) -> None:
    """A standby that registers joins; after its fail-over, a re-image of either and a swap back there is one instance."""
    token = site.token(server, pool=POOL[server])
    a = site.device("SN1", server, token, standbys=(unit("SN2"),), hostname="pair")
    a.use("ADVANTAGE", 2)
    b = site.device("SN2", server, token, standbys=(unit("SN1"),), hostname="pair")
    joined = instances(site, server)
    b.renew_authorization()
    b.transfer_active(unit("sn2"))
    b.use("ADVANTAGE", 2)
    a.renew_authorization()
    after = instances(site, server)
    (site.folder / "devices" / "SN1").rename(site.folder / "devices" / "gone")
    a = site.device("SN1", server, token, hostname="pair")  # the repaired unit, with a new key
    b.renew_authorization()
    a.transfer_active(unit("SN1"))
    a.use("ADVANTAGE", 2)
    b.renew_authorization()
    swapped = instances(site, server)

    assert len({a.state.instance, b.state.instance}) == 1
    assert [len(joined), len(after), len(swapped)] == [1, 1, 1]
    assert [rows[0]["serial"] for rows in (joined, after, swapped)] == ["SN1", "SN2", "SN1"]
    assert [member["serial"] for member in swapped[0]["standbys"]] == ["SN2"]
    assert [one["count"] for one in swapped[0]["licences"]] == [2]
    assert clones(site, server) == []


@pytest.mark.row("C7.6", "S4.3")
@SERVERS
def test_a_unit_that_leaves_its_set_leaves_the_other_one_licensed(site: World, server: str) -> None:
    """Deregistering one unit ends its part only; the other becomes the active one."""
    token = site.token(server, pool=POOL[server])
    a = site.device("SN1", server, token, standbys=(unit("SN2"),))
    b = site.device("SN2", server, token)
    assert a.deregister()
    rows = instances(site, server)
    b.use("ADVANTAGE", 1)

    assert [(row["serial"], row["standbys"]) for row in rows] == [("SN2", [])]
    assert b.deregister()
    assert instances(site, server) == []


@pytest.mark.row("C7.6", "C10.2", "B6")
@SERVERS
def test_a_unit_that_stands_by_and_by_itself_is_one_alert_that_names_both(site: World, server: str) -> None:
    """It registered by itself first: both count, one alert names both, and ends when one of them goes."""
    token = site.token(server, pool=POOL[server])
    alone = site.device("SN2", server, token, hostname="alone")
    site.device("SN1", server, token, standbys=(unit("sn2"),), hostname="pair")
    alerts = clones(site, server)
    alone.deregister()

    assert len(alerts) == 1
    assert "alone" in alerts[0]["message"]
    assert "standby of pair" in alerts[0]["message"]
    assert clones(site, server) == []


@pytest.mark.both_databases
@pytest.mark.row("C10.2", "B6")
def test_the_same_hardware_at_a_satellite_and_at_central_is_one_alert_at_central(site: World) -> None:
    """Central sees both with the next request of the site; the alert names both places and ends with one of them."""
    site.device("SN1", hostname="at-site")
    direct = site.device("sn1", "central", site.token("central", pool="Spare"), hostname="direct")
    site.synchronize("1")
    alerts = clones(site, "central")
    direct.deregister()

    assert len(alerts) == 1
    assert "satellite North" in alerts[0]["message"]
    assert "at central" in alerts[0]["message"]
    assert clones(site, "central") == []


@pytest.mark.row("C10.2", "B6")
def test_hardware_that_registers_at_central_after_its_site_told_of_it_is_an_alert_at_once(site: World) -> None:
    """A standby behind a satellite that registers at central counts twice, and is seen at its registration."""
    site.device("SN1", standbys=(unit("SN2"),), hostname="pair")
    site.synchronize("1")
    site.device("SN2", "central", site.token("central", pool="Spare"), hostname="direct")
    alerts = clones(site, "central")
    site.satellite("instance", "remove", instances(site, "satellite")[0]["id"])
    site.synchronize("2")

    assert len(alerts) == 1
    assert "standby of pair" in alerts[0]["message"]
    assert clones(site, "central") == []


@pytest.mark.row("S4.1")
def test_a_key_that_belongs_to_another_account_is_refused_by_name(vendor: World) -> None:
    """One key is one device in one account: no fault of the server, and nothing is made."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("agreement", "accept", "other.example")
    vendor.central("virtual-account", "create", "other.example", "Main")
    made = vendor.central("token", "create", "other.example", "--virtual-account", "Main", "--days", "30")
    device = vendor.device("SN1", "central", vendor.token("central"))
    state = json.loads((vendor.folder / "devices" / "SN1" / "device.json").read_text())
    with pytest.raises(ServerRefusedError) as refused:
        vendor.device("SN1", "central", made["token"])

    assert refused.value.reason == "registered_elsewhere"
    assert vendor.central("instances", "other.example")["items"] == []
    assert device.state.instance == state["instance"]


@pytest.mark.row("S4.1", "D3")
def test_a_device_refuses_to_be_another_one_under_its_own_folder(site: World) -> None:
    """A registered device that is told another serial number says so and changes nothing."""
    device = site.device("SN1")
    with pytest.raises(AgentError) as refused:
        join(site, device, RegistrationRequest(token=site.token(), udi=unit("SN9")))

    assert refused.value.reason == "already_registered"
    assert [row["serial"] for row in instances(site, "satellite")] == ["SN1"]


def single_use(world: World, server: str) -> str:
    """A token that allows restricted functions, for one use."""
    words = ("--virtual-account", POOL[server], "--days", "30", "--export-controlled", "--uses", "1")
    account = [ACCOUNT] if server == "central" else []
    run = world.central if server == "central" else world.satellite
    return str(run("token", "create", *account, *words)["token"])


@pytest.mark.row("S4.1", "C2.3")
@SERVERS
def test_a_token_of_one_use_gives_the_export_right_once(site: World, server: str) -> None:
    """A known key with another token uses that token, with an event; the same registration again is no use."""
    plain, right = site.token(server, export=False, pool=POOL[server]), single_use(site, server)
    one, two = (site.device(serial, server, plain) for serial in ("SN1", "SN2"))
    for _ in range(2):
        join(site, one, RegistrationRequest(token=right, udi=unit("SN1")))
    with pytest.raises(ServerRefusedError, match="cannot register"):
        join(site, two, RegistrationRequest(token=right, udi=unit("SN2")))
    said = [event["message"] for event in events(site, server) if event["kind"] == "instance:another_token"]

    assert one.state.export_allowed
    assert not two.state.export_allowed
    assert len(said) == 1
    assert "restricted functions are allowed" in said[0]


@pytest.mark.row("S4.1")
@SERVERS
def test_an_old_key_does_not_inherit_the_right_of_its_successor(site: World, server: str) -> None:
    """Two machines with one identity: the right stays with the key whose token gave it."""
    plain = site.token(server, export=False, pool=POOL[server])
    site.device("SN1", server, plain)
    (site.folder / "devices" / "SN1").rename(site.folder / "devices" / "old")
    site.device("SN1", server, single_use(site, server))
    old = site.unregistered("old", server)
    old.renew_authorization()
    try:  # the satellite refuses, central answers that it failed
        why = old.request_export("STRONG", 1).reason
    except ServerRefusedError as refused:
        why = str(refused)

    assert "may not ask for restricted licences" in why or why == "token_not_export_controlled"
