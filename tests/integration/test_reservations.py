"""Licences for a device that no network reaches: codes out, in and back, offline all the way (rows C6.1, C6.5, S4.5)."""

from __future__ import annotations

import pytest

from agent.errors import AlreadyReservedError, CodeRefusedError, NotReservedError
from exchange.canonical import parse_time
from exchange.identity import Udi
from tests.world import ACCOUNT, World

ORDERS = (
    "virtual_account,tag,quantity,type,start,end\n"
    "Spare,ESSENTIALS,5,term,2026-01-01,2027-12-31\n"
    "Spare,ESSENTIALS,5,term,2026-01-01,2028-12-31\n"
)


def reserve(world: World, code: str, *licences: str, name: str = "code") -> tuple[str, str]:
    """Reserve at central; the text of the code and the instance."""
    words = [word for licence in licences for word in ("--licence", licence)]
    path = world.file(name)
    made = world.central(
        "reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--request-code", code, *words, "--output", path
    )
    return (world.folder / name).read_text(), made["instance"]


@pytest.mark.both_databases
@pytest.mark.row("S4.5", "C6.1", "C6.2", "C6.5", "D1")
def test_a_device_uses_what_was_reserved_and_gives_it_back(vendor: World) -> None:
    """Nothing but three codes crosses; use ends with each term; after the return nothing may be used and all is free."""
    vendor.central("order", "import", ACCOUNT, vendor.file("terms.csv", ORDERS))
    root = (vendor.folder / "root.json").read_bytes()
    device = vendor.unregistered("AIR-1", "central")
    vendor.central("clock", "set", "2027-01-01T00:00:00Z")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    device.clock.set(parse_time("2027-01-01T00:00:00Z"))
    again = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    text, instance = reserve(vendor, code, "ADVANTAGE=3", "Essentials=7")
    device.reserve_install(text)
    now = [device.may_use("ADVANTAGE", 3), device.may_use("ADVANTAGE", 4), device.may_use("ESSENTIALS", 7)]
    state = device.authorization().value
    vendor.advance("400d", device)
    later = [device.may_use("ESSENTIALS", 5), device.may_use("ESSENTIALS", 7), device.may_use("ADVANTAGE", 3)]
    back = device.reserve_return()
    shown = vendor.licence("ADVANTAGE", pool="Spare")
    removed = vendor.central("instance", "remove", ACCOUNT, instance, "--return-code", back)

    assert code == again
    assert [answer.allowed for answer in now] == [True, False, True]
    assert state == "authorized_reserved"
    assert [answer.allowed for answer in later] == [True, False, True]
    assert device.rights == {}
    assert device.reserve_return() == back
    assert shown["reserved"] == 3
    assert removed["removed"]
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 10
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("S4.5", "E2")
def test_a_code_works_on_its_own_device_as_it_is_and_nowhere_else(vendor: World) -> None:
    """Another device, a changed figure, an older request: refused, and what was installed stays."""
    root = (vendor.folder / "root.json").read_bytes()
    device, other = vendor.unregistered("AIR-1", "central"), vendor.unregistered("AIR-2", "central")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    other.reserve_request(Udi(pid="SW-48", serial="AIR-2"), root)
    text, instance = reserve(vendor, code, "ADVANTAGE=3")
    for machine, changed in (
        (other, text),
        (device, text.replace('quantity="3"', 'quantity="9"')),
        (device, text[:-40]),
    ):
        with pytest.raises(CodeRefusedError):
            machine.reserve_install(changed)
    with pytest.raises(NotReservedError):
        device.reserve_return()
    device.reserve_install(text)
    with pytest.raises(AlreadyReservedError):
        device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    back = device.reserve_return()
    vendor.central("instance", "remove", ACCOUNT, instance, "--return-code", back)
    newer = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    with pytest.raises(CodeRefusedError):
        device.reserve_install(text)  # what was returned does not come back
    renewed, _ = reserve(vendor, newer, "ADVANTAGE=1", name="newer")

    assert newer != code
    assert set(device.reserve_install(renewed)) == {"ADVANTAGE"}


@pytest.mark.row("C6.8", "S4.5")
def test_a_device_that_comes_to_the_network_gives_its_code_up(vendor: World) -> None:
    """After registering it uses what its pool gives, and central holds nothing for it any more."""
    root = (vendor.folder / "root.json").read_bytes()
    device = vendor.unregistered("AIR-1", "central")
    text, instance = reserve(vendor, device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root), "ADVANTAGE=3")
    device.reserve_install(text)
    online = vendor.device("AIR-1", "central", vendor.token("central", pool="Spare"))
    online.use("ADVANTAGE", 2)

    assert online.state.instance == instance
    assert online.state.reservation is None
    assert (online.may_use("ADVANTAGE", 2).allowed, online.may_use("ADVANTAGE", 3).allowed) == (True, False)
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 2
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0
