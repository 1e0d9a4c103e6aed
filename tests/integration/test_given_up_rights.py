"""A right ends by the word of the key that holds it, or by the vendor's with a reason (rows C6.5, C6.7, C6.8, C7.2, C8.3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import NotReservedError, ServerRefusedError
from agent.joining import RegistrationRequest
from agent.reserving import give_up
from agent.store import HeldReservation, to_text
from agent.transport import Server
from central.actions.credentials import recognise_bearer
from central.actions.instances import remove_instance
from central.app import make_app
from central.runtime import open_central
from exchange.identity import Udi
from satellite.core.export_queue.models import HeldGrant
from satellite.runtime import open_satellite
from serverkit.actor import SYSTEM
from serverkit.errors import ForbiddenError
from tests.alarms import cleared, raised
from tests.api.callers import Api, central_token
from tests.world import ACCOUNT, World

SERVER = Server("https://in.process", None, None)
MORE = "virtual_account,tag,quantity\nSpare,STRONG,1\n"


def reserved(
    world: World, serial: str = "AIR-1", *, tag: str = "ADVANTAGE", install: bool = True
) -> tuple[Device, str]:
    """A device with a reservation of one unit, and the reservation's id."""
    device = world.unregistered(serial, "central")
    code = device.reserve_request(Udi(pid="SW-48", serial=serial), (world.folder / "root.json").read_bytes())
    path = world.file(f"code-{serial}")
    words = ("--virtual-account", "Spare", "--request-code", code, "--licence", f"{tag}=1", "--output", path)
    made = world.central("reservation", "create", ACCOUNT, *words)
    if install:
        device.reserve_install((world.folder / f"code-{serial}").read_text())
    return device, str(made["id"])


def home_of(world: World, name: str, server: str) -> Device:
    """A device's folder, whichever device it is of."""
    folder = world.folder / "devices" / name
    folder.mkdir(parents=True, exist_ok=True)
    return Device(folder, clock=DeviceClock(folder), transport=lambda _: world.wire(server))


def register(world: World, device: Device, serial: str, server: str = "central", **more: Any) -> None:
    """Register as SW-48 with this serial number."""
    token = more.pop("token", None) or world.token(server, pool="Spare" if server == "central" else "Site")
    wanted = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial=serial, **more))
    device.register(wanted, (world.folder / "root.json").read_bytes(), SERVER)


def reservation(world: World, of: str) -> dict[str, Any]:
    """A reservation as the list shows it."""
    found: dict[str, Any] = next(
        row for row in world.central("reservation", "list", ACCOUNT)["items"] if row["id"] == of
    )
    return found


def refused(world: World, *words: str) -> str:
    """The code with which central refuses a command."""
    return str(world.central(*words, code=1)["error"]["code"])


def kinds(world: World) -> list[str]:
    """The kinds of the account's events, newest first."""
    return [row["kind"] for row in world.central("events", ACCOUNT)["items"]]


@pytest.mark.row("C6.8", "S4.1")
@pytest.mark.parametrize("uuid", [None, "8f14e45f-ceea-467f-a0e6-1c0b8a2f9d11"])
def test_a_new_key_with_a_known_serial_number_ends_no_reservation(vendor: World, uuid: str | None) -> None:
    """It takes the instance over and finds no restricted unit free; alert and list say that a former key holds the other."""
    vendor.central("order", "import", ACCOUNT, vendor.file("more.csv", MORE))
    first, of = reserved(vendor, tag="STRONG")
    before = reservation(vendor, of)
    other = home_of(vendor, "other", "central")
    register(vendor, other, "AIR-1", uuid=uuid)
    other.use("ADVANTAGE", 1)
    asked = other.request_export("STRONG", 1)
    held = reservation(vendor, of)
    alert = next(x for x in vendor.central("alerts", ACCOUNT)["items"] if x["kind"] == "reservation_former_key")
    update = refused(
        vendor, "reservation", "update", ACCOUNT, of, "--licence", "ADVANTAGE=1", "--output", vendor.file("x")
    )
    removal = refused(vendor, "instance", "remove", ACCOUNT, str(other.state.instance))
    back = vendor.central("reservation", "return", ACCOUNT, of, "--code", first.reserve_return())

    assert (asked.state, asked.reason) == ("failed", "restricted_licence_not_available")
    assert (before["state"], before["held_by_former_key"]) == ("active", False)
    assert (held["state"], held["held_by_former_key"]) == ("active", True)
    assert other.state.instance == held["instance"]
    assert alert["severity"] == "major"
    assert "SN:AIR-1" in alert["message"]
    assert "1 of Strong encryption" in alert["message"]
    assert (update, removal) == ("held_by_former_key", "return_code_needed")
    assert "reservation:held_by_former_key" in kinds(vendor)
    assert back["state"] == "returned"
    assert "reservation_former_key" not in vendor.alerts()
    assert other.request_export("STRONG", 1).state != "failed" or vendor.licence("STRONG", pool="Spare")["in_use"] == 0
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 1  # the device that registered stays
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.8", "C7.3")
def test_what_a_former_key_holds_outlives_who_came_after_it(vendor: World) -> None:
    """The new key deregisters, or is silent for a year: its ordinary licences are free, the reservation stays."""
    _, of = reserved(vendor)
    other = home_of(vendor, "other", "central")
    register(vendor, other, "AIR-1")
    other.use("ADVANTAGE", 2)
    other.deregister()
    left = vendor.licence("ADVANTAGE", pool="Spare"), reservation(vendor, of), vendor.alerts()
    register(vendor, other, "AIR-1")
    again = reservation(vendor, of)["held_by_former_key"]
    vendor.advance("380d")
    vendor.central("jobs", "run", "deadlines")
    shown = {row["id"]: row["state"] for row in vendor.central("instances", ACCOUNT)["items"]}

    assert (left[0]["in_use"], left[0]["reserved"]) == (1, 1)
    assert (left[1]["state"], left[1]["held_by_former_key"]) == ("active", False)
    assert "reservation_former_key" not in left[2]
    assert again
    assert reservation(vendor, of)["state"] == "active"
    assert reservation(vendor, of)["instance"] in shown
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 1


@pytest.mark.row("C6.8")
def test_a_token_that_is_refused_costs_no_reservation(vendor: World) -> None:
    """The device forgets its code when a server has accepted it, not before; then it waits for central's release."""
    device, of = reserved(vendor)
    with pytest.raises(ServerRefusedError):
        register(vendor, device, "AIR-1", token="MISTYPED")
    kept = device.may_use("ADVANTAGE"), reservation(vendor, of)["state"]
    register(vendor, device, "AIR-1")

    assert (kept[0].allowed, kept[0].reason, kept[1]) == (True, "authorized_reserved", "active")
    assert reservation(vendor, of)["state"] == "given_up"
    assert device.state.given_up == {}
    assert device.state.reservation is None
    assert not {"reservation_former_key", "reservation_pending"} & vendor.alerts()


@pytest.mark.row("C6.8")
def test_a_request_that_was_never_answered_on_the_device_is_given_up_too(vendor: World) -> None:
    """The code was made and never installed: the device registers, and no unit waits for it forever."""
    device, of = reserved(vendor, install=False)
    register(vendor, device, "AIR-1")

    assert reservation(vendor, of)["state"] == "given_up"
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0


@pytest.mark.row("C6.8")
def test_a_device_registers_where_its_token_says_and_frees_what_another_pool_reserved(vendor: World) -> None:
    """The token is of another virtual account than the reservation: registered there, given up here."""
    device, of = reserved(vendor)
    register(vendor, device, "AIR-1", token=vendor.token("central", pool="Site"))
    device.use("ADVANTAGE", 1)
    row = next(x for x in vendor.central("instances", ACCOUNT)["items"] if x["id"] == device.state.instance)

    assert row["virtual_account"] == "Site"
    assert reservation(vendor, of)["state"] == "given_up"
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 0
    assert vendor.licence("ADVANTAGE")["in_use"] == 1
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C6.8", "C1.3")
def test_a_give_up_travels_through_the_site_and_its_release_back(site: World) -> None:
    """A device registers at a satellite: its code is forgotten, central frees the units with the next request, once."""
    device, of = reserved(site)
    device._carry = lambda _: site.wire("satellite")
    register(site, device, "AIR-1", "satellite")
    before = reservation(site, of), device.may_use("ADVANTAGE"), dict(device.state.given_up)
    site.synchronize("one")
    after, free = reservation(site, of), site.licence("ADVANTAGE", pool="Spare")
    device.renew_authorization()
    site.synchronize("two")
    request = site.satellite("sync", "export", "--full", "--output", site.file("full"))

    assert before[0]["state"] == "active"
    assert not before[1].allowed
    assert len(before[2]) == 1
    assert after["state"] == "given_up"
    assert (free["in_use"], free["reserved"], free["balance"]) == (0, 0, 10)
    assert device.state.given_up == {}
    assert device.state.reservation is None
    assert "reservation_former_key" not in site.alerts()
    assert request["counts"].get("export_return") == 1  # a central that was restored learns of it again
    assert kinds(site).count("reservation:ended") == 1
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.8", "E2")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_give_up_without_the_devices_secret_ends_nothing(site: World, server: str) -> None:
    """A machine that knows serial number and request code signs that it gives up: without the return code it is no proof."""
    device, of = reserved(site)
    other = home_of(site, "other", server)
    register(site, other, "AIR-1", server)
    asked = device.state.reservation.request if device.state.reservation else ""
    other.state.reservation = HeldReservation(request=asked, secret=to_text(b"x" * 24))
    give_up(other.state, other._own_key(), other.clock.now())
    other._store.save(other.state)
    other.renew_authorization()
    site.synchronize("one")
    other.renew_authorization()

    assert reservation(site, of)["state"] == "active"
    assert len(other.state.given_up) == 1
    assert "reservation_former_key" in site.alerts()
    assert device.may_use("ADVANTAGE").allowed


@pytest.mark.row("C6.8", "B6")
def test_another_machine_at_a_site_with_a_reserved_serial_number_raises_the_alert(site: World) -> None:
    """The device occurs twice: reserved at central, registered at the satellite; when it leaves there, the alert ends."""
    _, of = reserved(site)
    other = home_of(site, "other", "satellite")
    register(site, other, "AIR-1", "satellite")
    site.synchronize("one")
    twice, (alert,) = reservation(site, of), raised(site, "central", "reservation_former_key")
    other.deregister()
    site.synchronize("two")

    assert (twice["state"], twice["held_by_former_key"]) == ("active", True)
    assert "behind satellite North" in alert["message"]
    assert reservation(site, of)["state"] == "active"
    cleared(site, "central", "reservation_former_key")


@pytest.mark.row("C6.1")
def test_nothing_is_reserved_for_a_device_behind_a_satellite(site: World) -> None:
    """It is connected: the reservation is refused, as for one that is connected to central itself."""
    site.device("AIR-1")
    site.synchronize("one")
    fresh = home_of(site, "fresh", "central")
    code = fresh.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (site.folder / "root.json").read_bytes())
    words = (
        "--virtual-account",
        "Spare",
        "--request-code",
        code,
        "--licence",
        "ADVANTAGE=1",
        "--output",
        site.file("x"),
    )

    assert refused(site, "reservation", "create", ACCOUNT, *words) == "device_connected"


@pytest.mark.both_databases
@pytest.mark.row("C6.7", "C1.5", "B7")
def test_the_vendor_releases_what_a_dead_device_holds(vendor: World) -> None:
    """With a reason, by alert and event; a tenth of the reserving devices at a time; a late return code makes room."""
    _, first = reserved(vendor, "AIR-1")
    device, second = reserved(vendor, "AIR-2")
    without = refused(vendor, "reservation", "release", ACCOUNT, first, "--reason", " ")
    shown = vendor.central("reservation", "release", ACCOUNT, second, "--reason", "burnt down, case 7")
    (alert,) = raised(vendor, "central", "reservation_released")
    event = next(x for x in vendor.central("events", ACCOUNT)["items"] if x["kind"] == "reservation:released")
    serials = {row["serial"] for row in vendor.central("instances", ACCOUNT)["items"]}
    full = refused(vendor, "reservation", "release", ACCOUNT, first, "--reason", "lost")
    again = refused(vendor, "reservation", "release", ACCOUNT, second, "--reason", "lost")
    late = vendor.central("reservation", "return", ACCOUNT, second, "--code", device.reserve_return())
    cleared(vendor, "central", "reservation_released")
    released = vendor.central("reservation", "release", ACCOUNT, first, "--reason", "lost")

    assert without == "reason_needed"
    assert (shown["state"], shown["release_reason"]) == ("released", "burnt down, case 7")
    assert (alert["severity"], "dismiss" in alert["actions"]) == ("minor", True)
    assert "burnt down, case 7" in alert["message"]
    assert "burnt down, case 7" in event["message"]
    assert serials == {"AIR-1"}
    assert (full, again) == ("too_many_releases", "reservation_ended")
    assert late["state"] == "returned"
    assert released["state"] == "released"
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 10
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.7", "C6.3")
def test_a_release_counts_as_long_as_an_update_that_nobody_confirmed_could_be_used(vendor: World) -> None:
    """The device may have installed the longer term: the release goes on to count after the first term has ended."""
    more = "virtual_account,tag,quantity,type,start,end\nSpare,ESSENTIALS,2,term,2026-01-01,2027-03-31\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("more.csv", more))
    device, dead = reserved(vendor, "AIR-1", tag="ESSENTIALS")
    confirmation = ("--code", device.reserve_confirmation())
    vendor.central("reservation", "confirm", ACCOUNT, dead, *confirmation)
    _, other = reserved(vendor, "AIR-2")
    words = ("--licence", "ADVANTAGE=1", "--output", vendor.file("updated"))
    vendor.central("reservation", "update", ACCOUNT, dead, *words)
    device.reserve_install((vendor.folder / "updated").read_text())
    vendor.central("reservation", "release", ACCOUNT, dead, "--reason", "lost")
    vendor.advance("200d", device)

    assert device.may_use("ADVANTAGE", 1).allowed
    assert not device.may_use("ESSENTIALS", 1).allowed
    assert refused(vendor, "reservation", "release", ACCOUNT, other, "--reason", "lost") == "too_many_releases"
    vendor.central("reservation", "return", ACCOUNT, dead, "--code", device.reserve_return())
    assert vendor.central("reservation", "release", ACCOUNT, other, "--reason", "lost")["state"] == "released"


@pytest.mark.row("C6.8", "S4.1")
def test_a_visitor_with_a_reserved_serial_number_leaves_nothing_of_itself(vendor: World) -> None:
    """Its UUID and names go with it: the device that holds the code is found by its own, and occurs once."""
    reserved(vendor)
    visitor = home_of(vendor, "visitor", "central")
    register(vendor, visitor, "AIR-1", uuid="8f14e45f-ceea-467f-a0e6-1c0b8a2f9d11")
    visitor.deregister()
    (left,) = vendor.central("instances", ACCOUNT)["items"]
    device = home_of(vendor, "AIR-1", "central")
    register(vendor, device, "AIR-1", uuid="0e9b2a4c-7a51-4b0d-9d53-6f0c7d1b8a22")

    assert (left["name"], left["state"]) == ("PID:SW-48 SN:AIR-1", "reserved")
    assert [row["id"] for row in vendor.central("instances", ACCOUNT)["items"]] == [left["id"]]


@pytest.mark.row("C6.8", "C7.3")
def test_a_registered_device_that_central_removes_is_no_longer_seen(vendor: World) -> None:
    """The reservation is shown as held by a former key only while the device is registered."""
    _, of = reserved(vendor)
    other = home_of(vendor, "other", "central")
    register(vendor, other, "AIR-2")
    vendor.sql("central", "UPDATE reservations SET seen_as = (SELECT id FROM instances WHERE udi_key LIKE '%air-2|')")
    before = reservation(vendor, of)["held_by_former_key"]
    vendor.central("instance", "remove", ACCOUNT, str(other.state.instance))

    assert before
    assert not reservation(vendor, of)["held_by_former_key"]


@pytest.mark.row("C6.5", "S4.5")
def test_a_return_code_is_kept_until_it_was_entered(vendor: World) -> None:
    """The next request does not take it away; it is forgotten when a person says that central has it."""
    device, of = reserved(vendor)
    back = device.reserve_return()
    device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    again, kept = device.reserve_return(), device.reserve_codes()
    returned = vendor.central("reservation", "return", ACCOUNT, of, "--code", kept[0])
    forgotten = device.reserve_forget(back.lower())
    with pytest.raises(NotReservedError):
        device.reserve_forget(back)
    with pytest.raises(NotReservedError):
        device.reserve_return()

    assert (again, kept, forgotten) == (back, [back], back)
    assert returned["state"] == "returned"
    assert device.reserve_codes() == []


@pytest.mark.row("C6.8", "S4.5")
def test_a_device_that_registers_tells_what_it_returned_before_its_last_request(vendor: World) -> None:
    """No one entered the return code: the device signs it when it registers, and its units are free."""
    device, of = reserved(vendor)
    back = device.reserve_return()
    device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    register(vendor, device, "AIR-1")
    device.renew_authorization()

    assert reservation(vendor, of)["state"] == "given_up"
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0
    assert back not in device.reserve_codes()


@pytest.mark.both_databases
@pytest.mark.row("C6.7")
def test_of_eleven_reserving_devices_two_may_be_without_a_return_code(vendor: World) -> None:
    """The tenth is rounded up, and those that were released still count among the devices."""
    more = "virtual_account,tag,quantity\nSpare,ESSENTIALS,11\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("more.csv", more))
    ids = [reserved(vendor, f"AIR-{n}", tag="ESSENTIALS", install=False)[1] for n in range(11)]
    for of in ids[:2]:
        vendor.central("reservation", "release", ACCOUNT, of, "--reason", "lost")

    assert refused(vendor, "reservation", "release", ACCOUNT, ids[2], "--reason", "lost") == "too_many_releases"


@pytest.mark.row("C7.2", "C1.5")
def test_what_is_reserved_follows_its_device_to_another_virtual_account(vendor: World) -> None:
    """Reservation, authorization code and what was asked for are the new administrator's, and no longer the old one's."""
    _, of = reserved(vendor)
    instance = reservation(vendor, of)["instance"]
    for user, pool in (("old", "Spare"), ("new", "Site")):
        words = ("--role", "virtual_account_administrator", "--account", ACCOUNT, "--virtual-account", pool)
        vendor.central("user", "add", user, *words)
    vendor.central("instance", "transfer", ACCOUNT, instance, "--to", "Site")
    app = make_app(open_central(vendor.folder / "central"))
    callers = [Api(app, central_token(vendor, "write", user=user)) for user in ("old", "new")]
    path = f"/smart-accounts/{ACCOUNT}/reservations/{of}"

    assert [one.ask("GET", f"{path}/authorization-code")[0] for one in callers] == [404, 200]
    assert [one.ask("GET", path)[0] for one in callers] == [404, 200]
    assert reservation(vendor, of)["virtual_account"] == "Site"
    assert callers[1].code("POST", f"{path}/release", {"reason": "lost"}) == (403, "forbidden")


@pytest.mark.row("C8.2", "C8.3")
@pytest.mark.parametrize("how", ["another_satellite", "central"])
def test_the_release_of_a_return_goes_to_where_the_device_is_now(site: World, how: str) -> None:
    """Given back on the way to another satellite, or to central, after the first one was removed: booked and confirmed."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.central(
        "order", "import", ACCOUNT, site.file("south.csv", "virtual_account,tag,quantity\nSouth,ADVANTAGE,2\n")
    )
    site.found_satellite("South", home="satellite-2", pool="South")
    device = site.device("AIR-1")
    device.request_export("STRONG", 1)
    site.synchronize("one")
    device.renew_authorization()
    held = device.may_use("STRONG").allowed
    site.wire("satellite").cut = True
    told = device.deregister()
    site.central("satellite", "remove", ACCOUNT, "North")
    server = "satellite-2" if how == "another_satellite" else "central"
    device._carry = lambda _: site.wire(server)
    token = site.token(server, pool="South") if server != "central" else site.token("central", pool="Spare")
    register(site, device, "AIR-1", server, token=token)
    if server != "central":
        request, response = site.file("request-south"), site.file("response-south")
        site.satellite("sync", "export", "--output", request, home=server)
        site.central("sync", "import", request, "--output", response)
        site.satellite("sync", "import", response, home=server)
        device.renew_authorization()

    assert (held, told) == (True, False)
    assert [grant.released for grant in device.state.grants.values()] == [True]
    assert site.licence("STRONG")["in_use"] == 0
    assert "instance_failed_to_connect" not in site.alerts()


@pytest.mark.row("S2.6", "C8.2")
@pytest.mark.parametrize("restored", [False, True])
def test_a_site_adopts_no_grant_of_another_accounts_device(site: World, restored: bool) -> None:
    """A site that shows a grant which another account's device was given raises and changes nothing in its own account."""
    device = site.device("AIR-1")
    device.request_export("STRONG", 1)
    site.synchronize("one")
    device.renew_authorization()
    found_other(site)
    with open_satellite(site.folder / "satellite").database.read(SYSTEM) as unit:
        row = unit.session.scalars(select(HeldGrant)).one()
        copied = {column.key: getattr(row, column.key) for column in HeldGrant.__table__.columns}
    with open_satellite(site.folder / "satellite-2").database.write(SYSTEM) as unit:
        unit.session.add(HeldGrant(**copied | {"device_key": device._own_key().public.to_dict()}))
    if restored:
        site.sql("central", "UPDATE satellites SET recovering = true WHERE name = 'South'")
    before = site.central("alerts", "other.example")["items"]
    request = site.file("request-south")
    site.satellite("sync", "export", "--full", "--output", request, home="satellite-2")
    site.central("sync", "import", request, "--output", site.file("response-south"))

    assert site.central("licences", "other.example")["items"] == []
    assert site.central("alerts", "other.example")["items"] == before
    assert site.licence("STRONG")["in_use"] == 1
    assert site.central("ledger", "verify")["ok"]


def found_other(world: World) -> None:
    """Another customer with a satellite of its own."""
    world.central("account", "create", "other.example", "--name", "Other", "--export-allowed")
    world.central("virtual-account", "create", "other.example", "South")
    world.satellite("init", "--name", "South", "--root", world.file("root.json"), "--lab", home="satellite-2")
    world.satellite("registration", "export", "--output", world.file("registration-2"), home="satellite-2")
    add = ("satellite", "add", "other.example", "--name", "South", "--virtual-account", "South")
    world.central(*add, "--registration", world.file("registration-2"))
    words = ("satellite", "authorize", "other.example", "South", "--output", world.file("authorization-2"))
    world.central(*words)
    world.satellite("registration", "import", world.file("authorization-2"), home="satellite-2")
    world.satellite("setup", "finish", "--mode", "manual", home="satellite-2")


@pytest.mark.row("C6.8", "C1.5")
def test_no_other_virtual_account_ends_a_reservation_by_removing_a_device_of_that_name(vendor: World) -> None:
    """A code of another maker is checked for its form only: who may enter it is all that protects the reserved unit."""
    code = "CS-ZSW-48:AIR-9-A6rZG7jGd-7z"
    made = vendor.central(
        "reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--request-code", code,
        "--licence", "ADVANTAGE=1", "--output", vendor.file("code"),
    )  # fmt: skip
    role = "virtual_account_administrator"
    vendor.central("user", "add", "mallory", "--role", role, "--account", ACCOUNT, "--virtual-account", "Site")
    visitor = home_of(vendor, "visitor", "central")
    register(vendor, visitor, "AIR-9", token=vendor.token("central", pool="Site"))
    bearer = central_token(vendor, "write", user="mallory")
    server = open_central(vendor.folder / "central")
    actor = recognise_bearer(server.database, bearer, "127.0.0.1")
    with pytest.raises(ForbiddenError), server.database.write(actor) as unit:
        remove_instance(unit, server.keyring, ACCOUNT, str(visitor.state.instance), return_code="AB" + "C" * 20)
    server.database.dispose()

    assert reservation(vendor, made["id"])["state"] == "active"
