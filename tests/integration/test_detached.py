"""Detached mode: a device is taken off the network for a stated time (rows C7.7, C7.8, S4.3, D3)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.cli import main as agent_command
from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import AgentError
from agent.exports import sign_return, tell_returns
from agent.joining import RegistrationRequest
from agent.store import HeldGrant
from agent.transport import Reply, Server
from exchange.canonical import iso
from exchange.identity import Udi
from tests.integration.test_sets_restored import backed_up, restored, resynchronized
from tests.world import ACCOUNT, World

JOBS = {"central": "deadlines", "satellite": "devices"}


@pytest.fixture(params=("central", "satellite"))
def server(request: pytest.FixtureRequest) -> str:
    """Both servers that devices speak with."""
    return str(request.param)


@pytest.fixture
def world(request: pytest.FixtureRequest, server: str) -> World:
    """A world with that server."""
    found: World = request.getfixturevalue("vendor" if server == "central" else "site")
    return found


def the_device(world: World, server: str, serial: str = "SN1", count: int = 2) -> Device:
    """A device that uses some of the three units of its virtual account."""
    device = world.device(serial, server)
    device.use("ADVANTAGE", count)
    return device


def row_of(world: World, server: str) -> dict[str, Any]:
    """The only instance, as a command lists it."""
    run = world.central if server == "central" else world.satellite
    words = ("instances", ACCOUNT) if server == "central" else ("instances",)
    (row,) = run(*words)["items"]
    return dict(row)


def in_use(world: World, server: str) -> int:
    """How many units are in use."""
    return int(world.licence("ADVANTAGE", server)["in_use"])


def events(world: World, server: str) -> dict[str, str]:
    """The newest sentence of each kind of event."""
    found = world.central("events", ACCOUNT) if server == "central" else world.satellite("events")
    return {one["kind"]: one["message"] for one in reversed(found["items"])}


def refused(act: Callable[[], object]) -> str:
    """The code with which a device is refused."""
    with pytest.raises(AgentError) as caught:
        act()
    return caught.value.reason


@pytest.mark.row("C7.7", "C7.8", "S4.3")
def test_a_detached_device_is_authorized_for_its_term_without_a_network(world: World, server: str) -> None:
    """It keeps its units beyond the usual renewals, no silence is told of it, and after the term it has no right."""
    device = the_device(world, server)
    until = device.detach(60)
    world.wire(server).cut = True

    assert iso(until) == row_of(world, server)["detached_until"]
    told = events(world, server)["instance:detached"]
    assert ("was detached until " in told, "until until" in told) == (True, False)
    world.advance("59d", device)
    (world.central if server == "central" else world.satellite)("jobs", "run", JOBS[server])
    assert device.renew_due() == ()
    assert device.may_use("ADVANTAGE", 2).allowed
    assert device.authorization().value == "authorized"
    assert in_use(world, server) == 2
    assert not world.alerts(server) & {"instance_failed_to_connect"}

    world.advance("2d", device)
    assert device.may_use("ADVANTAGE", 2).reason == "authorization_expired"
    assert device.authorization().value == "authorization_expired"
    (world.central if server == "central" else world.satellite)("jobs", "run", JOBS[server])
    assert in_use(world, server) == 0
    assert "2 of Advantage free again" in events(world, server)["instance:detached_term_ended"]
    assert row_of(world, server)["detached_until"] is None

    world.wire(server).cut = False
    assert device.renew_due() == ("auth",)
    assert device.may_use("ADVANTAGE", 2).allowed
    assert in_use(world, server) == 2
    assert "instance:failed_to_reattach" not in events(world, server)


@pytest.mark.row("C7.7", "C7.8", "S4.3")
def test_a_device_that_reattaches_early_is_connected_again(world: World, server: str) -> None:
    """Its units are those that it reports, and it renews as usual; the end of the former term changes nothing."""
    device = the_device(world, server)
    device.detach(60)
    world.advance("10d", device)
    device.reattach()

    assert device.detached_until() is None
    assert row_of(world, server)["detached_until"] is None
    assert events(world, server)["instance:reattached"].endswith("was reattached")
    device.release("ADVANTAGE")
    device.use("ADVANTAGE", 1)
    world.advance("55d", device)
    device.renew_authorization()
    (world.central if server == "central" else world.satellite)("jobs", "run", JOBS[server])
    assert (in_use(world, server), device.may_use("ADVANTAGE").allowed) == (1, True)


@pytest.mark.row("C7.8", "D3")
def test_while_detached_nothing_else_is_asked_or_answered(world: World, server: str) -> None:
    """The device sends nothing by itself, and the server refuses what a copy or another key sends."""
    device = the_device(world, server)
    token = world.token(server)
    shutil.copytree(world.folder / "devices" / "SN1", world.folder / "devices" / "copy")
    device.detach(30)
    copy = Device(
        world.folder / "devices" / "copy",
        clock=DeviceClock(world.folder / "devices" / "copy"),
        transport=lambda _server: world.wire(server),
    )
    intentions: list[Callable[[], object]] = [
        device.renew_authorization,
        device.renew_identity,
        device.deregister,
        device.report_usage,
        lambda: device.use("ADVANTAGE", 3),
        lambda: device.release("ADVANTAGE"),
        lambda: device.request_export("STRONG", 1),
        lambda: device.detach(10),
        copy.renew_authorization,
        copy.renew_identity,
        lambda: copy.detach(10),
    ]

    assert [refused(act) for act in intentions] == ["detached"] * len(intentions)
    copy._store.save(copy.state)
    grant = HeldGrant("STRONG", 1, 1, {})
    copy.state.grants["0" * 32], copy.state.in_flight = grant, None
    sign_return(copy.state, copy._own_key(), "0" * 32, copy.clock.now())
    assert refused(lambda: tell_returns(copy._line(), copy.state, copy.clock.now())) == "detached"
    copy._reload()
    assert refused(copy.reattach) == "not_detached"
    assert device.use("ADVANTAGE", 2) == device.rights["ADVANTAGE"]
    other = world.unregistered("re-imaged", server)
    request = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial="SN1"))
    root, where = (world.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
    assert refused(lambda: other.register(request, root, where)) == "detached"
    assert in_use(world, server) == 2


@pytest.mark.row("C7.8")
def test_a_copy_does_not_end_the_term_of_the_machine_that_was_detached(world: World, server: str) -> None:
    """A copy that guesses the state lacks the id of the term; its units stay in use, and only the machine itself returns."""
    device = the_device(world, server)
    device.detach(30)
    term = device.state.detached
    assert term is not None
    device.state.detached = type(term)("0" * 32, term.until)
    device._store.save(device.state)

    assert refused(device.reattach) == "other_term"
    assert "could not be reattached" in events(world, server)["instance:failed_to_reattach"]
    assert (in_use(world, server), row_of(world, server)["detached_until"]) == (2, term.until)
    device.state.detached = term
    device._store.save(device.state)
    device.reattach()
    assert row_of(world, server)["detached_until"] is None


@pytest.mark.row("C7.8", "S4.1")
def test_a_term_is_given_back_once_and_the_second_machine_is_a_clone(world: World, server: str) -> None:
    """A copy made while detached can end the term; then the other one is refused, has no right by it, and an alert names both."""
    device = the_device(world, server)
    device.detach(30)
    shutil.copytree(world.folder / "devices" / "SN1", world.folder / "devices" / "copy")
    copy = Device(
        world.folder / "devices" / "copy",
        clock=DeviceClock(world.folder / "devices" / "copy"),
        transport=lambda _server: world.wire(server),
    )
    copy.reattach()
    assert "device_clone" not in world.alerts(server)

    assert refused(device.reattach) == "term_given_back"
    assert not device.may_use("ADVANTAGE").allowed
    assert (device.detached_until(), row_of(world, server)["marks"]) == (None, ["clone", "restored"])
    assert "device_clone" in world.alerts(server)
    assert "given back before" in events(world, server)["instance:failed_to_reattach"]
    device.renew_authorization()  # neither is cut off until a person decides
    assert device.may_use("ADVANTAGE", 2).allowed


@pytest.mark.row("C7.7", "C7.8")
def test_a_device_is_not_detached_with_what_is_short_or_for_too_long(world: World, server: str) -> None:
    """Out of compliance, longer than the policy, or not allowed at all: refused with its reason, and nothing changes."""
    device = the_device(world, server, count=4)
    codes = [refused(lambda: device.detach(10)), refused(lambda: device.detach(91))]
    world.central("policy", "set", "detach_days", "0")
    if server == "satellite":
        world.synchronize("none")
    codes.append(refused(lambda: device.detach(1)))

    assert codes == ["out_of_compliance", "term_too_long", "detach_not_allowed"]
    assert "could not be detached" in events(world, server)["instance:failed_to_detach"]
    assert (row_of(world, server)["detached_until"], in_use(world, server)) == (None, 4)
    assert device.detached_until() is None


@pytest.mark.row("C7.8", "D3")
@pytest.mark.parametrize("days", [0, -1, 366, 10**30, True, 1.5, "7"])
def test_days_that_are_no_days_are_refused_on_the_device(vendor: World, days: Any) -> None:
    """Nothing is sent, whatever was given for a number of days."""
    device = vendor.unregistered("SN1", "central")

    assert refused(lambda: device.detach(days)) == "invalid_days"
    assert (refused(lambda: device.detach(5)), refused(device.reattach)) == ("not_registered", "not_detached")


@pytest.mark.row("C7.8")
def test_a_lost_answer_neither_detaches_twice_nor_loses_the_term(world: World, server: str) -> None:
    """The answer that was lost is fetched by the next attempt: the device knows the term that the server noted."""
    device = the_device(world, server)
    world.wire(server).deaf = True
    refused(lambda: device.detach(30))
    world.wire(server).deaf = False

    assert refused(device.renew_authorization) == "detached"
    assert device.state.detached is not None
    assert device.state.detached.until == row_of(world, server)["detached_until"]
    device.reattach()
    assert row_of(world, server)["detached_until"] is None


@pytest.mark.row("C7.8", "S4.1")
@pytest.mark.parametrize("mode", ["detach", "reattach"])
def test_a_page_of_a_proxy_in_place_of_an_answer_ends_no_repetition(
    world: World, server: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server took the message and its answer was lost: the same one goes out again, and no clone is seen."""
    device, wire = the_device(world, server), world.wire(server)
    if mode == "reattach":
        device.detach(30)
    wire.deaf = True
    refused(device.reattach if mode == "reattach" else lambda: device.detach(30))
    wire.deaf = False
    with monkeypatch.context() as patch:
        patch.setattr(wire, "post", lambda _path, _body: Reply(404, b"<html>There is no such page</html>", None))
        assert refused(device.reattach if mode == "reattach" else device.renew_authorization) == "refused"

    if mode == "detach":
        assert refused(device.renew_authorization) == "detached"
    device.reattach()
    assert (row_of(world, server)["detached_until"], row_of(world, server)["marks"]) == (None, [])
    assert "device_clone" not in world.alerts(server)


@pytest.mark.row("C7.8", "B12")
def test_a_server_whose_clock_was_set_back_gives_no_term_that_ends_early(vendor: World) -> None:
    """The term would end before its days are over by the device's licence time: the device returns at once and says why."""
    device = the_device(vendor, "central")
    vendor.central("clock", "jump", "20d", "--back")
    vendor.central("time", "confirm")
    vendor.close()

    assert refused(lambda: device.detach(10)) == "clock_differs"
    assert (device.detached_until(), row_of(vendor, "central")["detached_until"]) == (None, None)
    assert in_use(vendor, "central") == 2


@pytest.mark.both_databases
@pytest.mark.row("C7.8")
def test_a_term_ends_with_the_licence_that_it_rests_on(vendor: World) -> None:
    """Units of an ended licence are not used for the rest of a term, nor do two terms rest on the units that stay."""
    lots = "virtual_account,tag,quantity,type,start,end,order_number,order_line\n"
    now = datetime.fromisoformat(vendor.central("time", "show")["now"])
    end = f"{now + timedelta(days=20):%Y-%m-%d}"
    lots += f"Site,ESSENTIALS,5,term,{now:%Y-%m-%d},{end},O-2,1\nSite,ESSENTIALS,3,perpetual,,,O-2,2\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("lots.csv", lots))
    first, second = (vendor.device(serial, "central") for serial in ("SN1", "SN2"))
    for device in (first, second):
        device.use("ESSENTIALS", 2)

    assert f"{first.detach(60):%Y-%m-%d}" == f"{now + timedelta(days=60):%Y-%m-%d}"
    assert f"{second.detach(60) - timedelta(seconds=1):%Y-%m-%d}" == end


@pytest.mark.row("C7.8", "C7.3")
def test_only_the_vendor_removes_a_detached_device_and_says_why(world: World, server: str) -> None:
    """Its units stay in use until the term ends; the vendor's reason is in the log."""
    device = the_device(world, server)
    device.detach(30)
    of = row_of(world, server)["id"]
    run = world.central if server == "central" else world.satellite
    words = ("instance", "remove", ACCOUNT, of) if server == "central" else ("instance", "remove", of)

    assert run(*words, code=1)["error"]["code"] == "instance_detached"
    assert in_use(world, server) == 2
    if server == "central":
        refusal = world.central("instance", "remove", ACCOUNT, of, "--release-unrestricted", code=1)
        assert refusal["error"]["code"] == "instance_detached"
        world.central("instance", "remove", ACCOUNT, of, "--reason", "burnt down")
        assert in_use(world, server) == 0
        assert "burnt down" in events(world, server)["instance:reattached"]
    else:
        world.advance("31d")
        world.satellite("jobs", "run", "devices")
        run(*words)


@pytest.mark.row("C7.8", "S4.3", "S2.6")
def test_a_restored_site_learns_of_a_term_from_central(site: World) -> None:
    """Central gives it back with its id and with what the device uses, which it reported after the copy was made."""
    the_device(site, "satellite", count=1)
    site.synchronize("before")
    backed_up(site)
    device = Device(
        site.folder / "devices" / "SN1",
        clock=DeviceClock(site.folder / "devices" / "SN1"),
        transport=lambda _server: site.wire("satellite"),
    )
    site.advance("1h", device)
    device.use("ADVANTAGE", 2)
    until = iso(device.detach(30))
    site.synchronize("after")
    assert row_of(site, "central")["detached_until"] == until
    restored(site)
    resynchronized(site, "again")

    assert row_of(site, "satellite")["detached_until"] == until
    assert row_of(site, "central")["detached_until"] == until
    assert in_use(site, "satellite") == in_use(site, "central") == 2
    device.reattach()
    site.synchronize("last")
    assert row_of(site, "central")["detached_until"] is None


@pytest.mark.row("C7.8", "S2.6", "S4.1")
@pytest.mark.parametrize("known", [True, False], ids=["known", "forgotten"])
def test_a_restored_site_absorbs_no_term_into_a_machine_with_another_key(site: World, known: bool) -> None:
    """What was detached since the copy stays in use, beside a machine that registered its identity at the copy; an alert asks."""
    device = the_device(site, "satellite", count=1) if known else None
    site.synchronize("before")
    backed_up(site)
    device = device or the_device(site, "satellite", count=1)
    site.advance("1h", device)
    until = iso(device.detach(30))
    site.synchronize("after")
    restored(site, with_anchor=True)
    site.advance("1h", device)
    other = site.unregistered("re-imaged")
    request = RegistrationRequest(token=site.token(), udi=Udi(pid="SW-48", serial="SN1"))
    other.register(request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None))
    other.use("ADVANTAGE", 2)
    resynchronized(site, "again")

    rows = site.satellite("instances")["items"]
    assert sorted(str(row["detached_until"]) for row in rows) == [until, "None"]
    assert (in_use(site, "satellite"), in_use(site, "central")) == (3, 3)
    assert "device_clone" in site.alerts("satellite")
    assert "device_clone" in site.alerts("central")
    device.reattach()
    assert [row["detached_until"] for row in site.satellite("instances")["items"]] == [None, None]


@pytest.mark.row("C7.8", "S2.6")
def test_an_older_copy_that_leaves_a_restored_site_ends_no_term(site: World) -> None:
    """The site forgot the term when the copy deregistered; central gives it back, and the machine itself returns."""
    device = the_device(site, "satellite", count=1)
    site.synchronize("before")
    backed_up(site)
    shutil.copytree(site.folder / "devices" / "SN1", site.folder / "devices" / "copy")
    until = iso(device.detach(30))
    site.synchronize("after")
    restored(site, with_anchor=True)
    assert site.unregistered("copy").deregister()
    resynchronized(site, "again")

    assert row_of(site, "satellite")["detached_until"] == row_of(site, "central")["detached_until"] == until
    assert (in_use(site, "satellite"), in_use(site, "central")) == (1, 1)
    device._carry = lambda _server: site.wire("satellite")
    device.reattach()
    assert row_of(site, "satellite")["detached_until"] is None


@pytest.mark.row("C7.8")
def test_the_term_behind_a_satellite_is_no_longer_than_central_s_lines(site: World) -> None:
    """Central's word for the site ends first: the device gets no more than that."""
    device = the_device(site, "satellite")
    site.advance("60d", device)

    assert device.detach(90) < device.clock.now() + timedelta(days=31)


@pytest.mark.row("D3")
def test_the_commands_detach_and_reattach(vendor: World, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """`agent detach DAYS` and `agent reattach` say until when; a wrong number names what is allowed."""
    device = the_device(vendor, "central")
    opened = lambda folder: Device(folder, transport=lambda _server: vendor.wire("central"))  # noqa: E731
    monkeypatch.setattr("agent.cli.Device", opened)
    home = str(device._store.folder)

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            agent_command(["--home", home, "--json", *words])
        assert ended.value.code == code
        return capsys.readouterr().out

    assert '"detached_until": "20' in run("detach", "7")
    assert '"code": "invalid_days"' in run("detach", "7.5", code=1)
    assert '"detached_until": null' in run("reattach")
