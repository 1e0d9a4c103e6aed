"""A device between two servers: whatever is cut, it has one truth, and each message goes to its own server only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import AgentError, ServerUnreachableError
from agent.joining import RegistrationRequest
from agent.transport import Reply, Server, Transport
from exchange.identity import Udi
from tests.world import ACCOUNT, World

SATELLITE, CENTRAL, NOWHERE = "https://satellite.example", "https://central.example", "https://mistyped.example"


class Killed(BaseException):
    """The process ends here, as by a power cut."""


class Net:
    """Addresses of a world; `kill` ends the process before or after a message was taken at a server."""

    def __init__(self, world: World) -> None:
        """All is well at first."""
        self.world = world
        self.kill: str | None = None
        self.heard: list[tuple[str, str]] = []

    def __call__(self, server: Server) -> Transport:
        """The way to a server."""
        return Way(self, server.url)

    def device(self, name: str = "SN1") -> Device:
        """The device, started again from its folder."""
        folder = self.world.folder / "devices" / name
        folder.mkdir(parents=True, exist_ok=True)
        return Device(folder, clock=DeviceClock(folder), transport=self)

    def join(self, url: str, **more: Any) -> Device:
        """Register the device at an address."""
        device = self.device()
        central = url == CENTRAL
        token = self.world.token("central" if central else "satellite", pool="Spare" if central else "Site")
        registration_request = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial="SN1"), **more)
        device.register(registration_request, (self.world.folder / "root.json").read_bytes(), Server(url))
        return device

    def counted(self) -> tuple[int, int]:
        """How many instances the satellite and central's own list have."""
        direct = [row for row in self.world.central("instances", ACCOUNT)["items"] if row["satellite"] is None]
        return len(self.world.satellite("instances")["items"]), len(direct)


class Way:
    """The way to one address."""

    def __init__(self, net: Net, url: str) -> None:
        """`url` decides which server answers."""
        self.net = net
        self.url = url

    def post(self, path: str, body: bytes) -> Reply:
        """Carry a message, unless something ends first."""
        self.net.heard.append((self.url, path.rpartition("/")[2]))
        if self.net.kill == "before":
            raise Killed
        if self.url == NOWHERE:
            raise ServerUnreachableError(f"{self.url}: no such name")
        reply = self.net.world.wire("central" if self.url == CENTRAL else "satellite").post(path, body)
        if self.net.kill == "after":
            raise Killed
        return reply


@pytest.fixture
def net(site: World) -> Net:
    """The addresses of a world."""
    return Net(site)


def killed(net: Net, how: str, act: Callable[[], object]) -> None:
    """Do something during which the process ends."""
    net.kill = how
    with pytest.raises(Killed):
        act()
    net.kill = None


@pytest.mark.row("S4.1", "D1")
def test_a_registration_at_a_mistyped_address_changes_nothing(net: Net) -> None:
    """The device stays registered where it is, with its address, rights and messages."""
    device = net.join(SATELLITE)
    device.use("ADVANTAGE", 1)
    before = net.device().state
    with pytest.raises(AgentError):
        net.join(NOWHERE)
    after = net.device()
    after.renew_authorization()

    assert (after.state.url, after.state.instance) == (before.url, before.instance)
    assert after.may_use("ADVANTAGE").allowed
    assert net.counted() == (1, 0)


@pytest.mark.row("S4.1", "D1")
def test_a_first_registration_at_a_mistyped_address_does_not_hold_up_the_right_one(net: Net) -> None:
    """What waits belongs to the mistyped address; the right one registers the device at once."""
    with pytest.raises(AgentError):
        net.join(NOWHERE)
    assert net.device().state.url is None
    device = net.join(SATELLITE)

    assert (device.state.registration, device.state.url) == ("complete", SATELLITE)
    assert [url for url, op in net.heard if op == "register"] == [NOWHERE, SATELLITE]
    assert net.counted() == (1, 0)


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "S4.3", "D1")
def test_a_device_that_registers_at_another_server_is_counted_there_only(net: Net) -> None:
    """It moves as a whole: identity, address and use; its former server is told in the same breath."""
    net.join(SATELLITE).use("ADVANTAGE", 1)
    moved = net.join(CENTRAL)

    assert (moved.state.url, moved.state.satellite) == (CENTRAL, None)
    assert moved.may_use("ADVANTAGE").allowed
    assert net.counted() == (0, 1)
    assert net.world.licence("ADVANTAGE", "satellite")["in_use"] == 0
    back = net.join(SATELLITE)
    back.renew_authorization()
    assert net.counted() == (1, 0)


@pytest.mark.row("S4.1", "D1")
@pytest.mark.parametrize("how", ["before", "after"])
def test_a_power_cut_while_it_registers_elsewhere_leaves_one_truth(net: Net, how: str) -> None:
    """Until the answer is in its hands the former server counts; the registration is finished by the timers."""
    net.join(SATELLITE).use("ADVANTAGE", 1)
    killed(net, how, lambda: net.join(CENTRAL))
    between = net.device()
    between.renew_authorization()
    held = (between.state.url, between.may_use("ADVANTAGE").allowed)
    timer = net.device()
    timer.renew_due()

    assert held == (SATELLITE, True)
    assert net.device().state.url == CENTRAL
    assert net.counted() == (0, 1)
    assert {op for url, op in net.heard if url == CENTRAL} <= {"register", "authorize"}


@pytest.mark.row("S4.3", "D1")
def test_a_device_that_leaves_while_its_server_is_away_has_left(net: Net) -> None:
    """It says so, ends its rights at once although a message waits, and tells the server when it is there again."""
    device = net.join(SATELLITE)
    device.use("ADVANTAGE", 1)
    net.world.wire().deaf = True
    with pytest.raises(AgentError):
        device.renew_authorization()
    net.world.wire().deaf, net.world.wire().cut = False, True
    told = net.device().deregister()
    gone = net.device()
    state = (gone.state.registration, gone.may_use("ADVANTAGE").reason)
    net.world.wire().cut = False
    gone.renew_due()

    assert not told
    assert state == ("not_registered", "evaluation")
    assert net.counted() == (0, 0)
    assert net.device().state.farewells == []


@pytest.mark.row("S4.1", "S4.3")
def test_what_was_to_be_said_at_leaving_is_not_said_after_coming_back(net: Net) -> None:
    """A device that left without its server and registers there again stays registered."""
    net.join(SATELLITE)
    net.world.wire().cut = True
    net.device().deregister()
    net.world.wire().cut = False
    net.join(SATELLITE)
    net.device().renew_due()
    net.device().renew_authorization()

    assert net.counted() == (1, 0)


@pytest.mark.row("S4.1", "D1")
def test_a_registration_that_is_refused_elsewhere_changes_nothing(net: Net) -> None:
    """A bad token at the second server: the device stays what it is."""
    device = net.join(SATELLITE)
    registration_request = RegistrationRequest(token="wrong", udi=Udi(pid="SW-48", serial="SN1"))
    with pytest.raises(AgentError):
        device.register(registration_request, (net.world.folder / "root.json").read_bytes(), Server(CENTRAL))
    net.device().renew_authorization()

    assert net.device().state.url == SATELLITE
    assert net.device().state.joining is None
    assert net.counted() == (1, 0)
