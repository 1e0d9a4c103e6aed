"""What is reserved is raised and lowered by codes; nothing is free before the device proves it (rows C3.2, C6.3, C6.4)."""

from __future__ import annotations

from typing import Any

import pytest

from agent.device import Device
from agent.errors import CodeRefusedError, NotReservedError
from exchange.identity import Udi
from serverkit.errors import DiskFullError
from tests.integration import test_given_up_rights as rights
from tests.integration.test_reservations import ORDERS, reserve
from tests.world import ACCOUNT, World

FOREIGN = "CE-ZC9300-48P-4X:XDC240312LB5-A6rZG7jGd-75"


def started(world: World, *licences: str, serial: str = "AIR-1") -> tuple[Device, dict[str, Any], str]:
    """A device with licences by code, installed and confirmed; its reservation and the code that it installed."""
    device = world.unregistered(serial, "central")
    root = (world.folder / "root.json").read_bytes()
    text, _ = reserve(world, device.reserve_request(Udi(pid="SW-48", serial=serial), root), *licences)
    device.reserve_install(text)
    row = world.central("reservation", "list", ACCOUNT)["items"][0]
    return device, confirm(world, row["id"], device.reserve_confirmation()), text


def update(world: World, reservation: str, *licences: str, code: int = 0) -> Any:
    """Update at central; the text of the new code, or the refusal."""
    words = [word for licence in licences for word in ("--licence", licence)]
    path = world.file("updated")
    made = world.central("reservation", "update", ACCOUNT, reservation, *words, "--output", path, code=code)
    return made["error"] if code else (world.folder / "updated").read_text()


def confirm(world: World, reservation: str, code: str, ended: int = 0) -> dict[str, Any]:
    """Enter a confirmation code at central."""
    return world.central("reservation", "confirm", ACCOUNT, reservation, "--code", code, code=ended)


def figures(world: World, tag: str) -> tuple[int, int, int]:
    """Reserved, in transition and balance of a licence."""
    row = world.licence(tag, pool="Spare")
    return row["reserved"], row["in_transition"], row["balance"]


@pytest.mark.both_databases
@pytest.mark.row("C6.3", "C6.4", "C3.2", "C6.10", "S4.5")
def test_a_raise_is_held_at_once_and_a_reduction_until_the_device_confirms(vendor: World) -> None:
    """Three become five, then one; what is given up is in transition until the code of the device is entered."""
    device, row, first = started(vendor, "ADVANTAGE=3")
    raised = update(vendor, row["id"], "ADVANTAGE=5")
    held, before = figures(vendor, "ADVANTAGE"), device.may_use("ADVANTAGE", 5).allowed
    device.reserve_install(raised)
    confirm(vendor, row["id"], device.reserve_confirmation())
    after = device.may_use("ADVANTAGE", 5).allowed
    lowered = update(vendor, row["id"], "ADVANTAGE=1")
    waiting = figures(vendor, "ADVANTAGE")
    device.reserve_install(lowered)
    done = confirm(vendor, row["id"], device.reserve_confirmation())
    kinds = [event["kind"] for event in vendor.central("events", ACCOUNT)["items"]]

    assert (held, before, after) == ((5, 0, 5), False, True)
    assert waiting == (5, 4, 5)
    assert figures(vendor, "ADVANTAGE") == (1, 0, 9)
    assert [answer.allowed for answer in (device.may_use("ADVANTAGE", 1), device.may_use("ADVANTAGE", 2))] == [True, False]  # fmt: skip
    assert (done["number"], done["pending"], done["waiting"]) == (2, None, False)
    for text in (first, raised):
        with pytest.raises(CodeRefusedError, match="newer"):
            device.reserve_install(text)
    assert [kinds.count(f"reservation:{word}") for word in ("raised", "lowered", "confirmed")] == [1, 1, 3]
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.3", "C6.2", "C6.1")
def test_a_licence_is_added_and_another_given_up_in_one_update(vendor: World) -> None:
    """What ends first is given up first; the licences that are not named stay as they are."""
    vendor.central("order", "import", ACCOUNT, vendor.file("terms.csv", ORDERS))
    vendor.central("clock", "set", "2027-01-01T00:00:00Z")
    device, row, _ = started(vendor, "ESSENTIALS=7")
    text = update(vendor, row["id"], "ESSENTIALS=4", "ADVANTAGE=2")
    pending = vendor.central("reservation", "list", ACCOUNT)["items"][0]["pending"]
    device.reserve_install(text)
    done = confirm(vendor, row["id"], device.reserve_confirmation())
    lines = {(line["tag"], line["quantity"], (line["end"] or "")[:10]) for line in done["licences"]}
    nothing = update(vendor, row["id"], "ESSENTIALS=4", code=1)
    everything = update(vendor, row["id"], "ESSENTIALS=0", "ADVANTAGE=0", code=1)
    many = update(vendor, row["id"], "ADVANTAGE=11", code=1)

    assert pending["licences"] == done["licences"]
    assert lines == {("ESSENTIALS", 4, "2029-01-01"), ("ADVANTAGE", 2, "")}
    assert [one["code"] for one in (nothing, everything, many)] == ["nothing_to_reserve", "nothing_to_reserve", "not_enough_free"]  # fmt: skip
    assert figures(vendor, "ESSENTIALS")[:2] == (4, 0)


@pytest.mark.row("C6.3", "C6.4")
def test_while_an_update_waits_no_other_is_made_and_a_cancelled_one_leaves_no_trace(vendor: World) -> None:
    """The refusal names the way out; a cancelled update leaves everything as it was, and a later one has a new number."""
    device, row, first = started(vendor, "ADVANTAGE=3")
    update(vendor, row["id"], "ADVANTAGE=5")
    again = update(vendor, row["id"], "ADVANTAGE=6", code=1)
    vendor.central("reservation", "cancel", ACCOUNT, row["id"])
    cancelled = figures(vendor, "ADVANTAGE")
    nothing = vendor.central("reservation", "cancel", ACCOUNT, row["id"], code=1)["error"]
    lowered = update(vendor, row["id"], "ADVANTAGE=2")
    vendor.central("reservation", "cancel", ACCOUNT, row["id"])
    restored = figures(vendor, "ADVANTAGE")
    newest = update(vendor, row["id"], "ADVANTAGE=4")
    device.reserve_install(newest)
    done = confirm(vendor, row["id"], device.reserve_confirmation())

    assert again["code"] == "update_pending"
    assert "confirmation code" in again["remedy"]
    assert nothing["code"] == "nothing_pending"
    assert (cancelled, restored) == ((3, 0, 7), (3, 0, 7))
    assert (done["number"], figures(vendor, "ADVANTAGE")) == (3, (4, 0, 6))
    with pytest.raises(CodeRefusedError):
        device.reserve_install(lowered)
    assert vendor.central("ledger", "verify")["ok"]
    assert first != newest


@pytest.mark.row("C6.4", "E2")
def test_only_the_device_that_installed_the_newest_code_can_confirm(vendor: World) -> None:
    """Older codes, those of another device, mistyped ones and nonsense change nothing."""
    device, row, _ = started(vendor, "ADVANTAGE=3")
    other, _, _ = started(vendor, "ADVANTAGE=2", serial="AIR-2")
    old = device.reserve_confirmation()
    text = update(vendor, row["id"], "ADVANTAGE=1")
    wrong = [confirm(vendor, row["id"], code, 1)["error"]["code"] for code in (old, other.reserve_confirmation())]
    bad = [confirm(vendor, row["id"], code, 1)["error"]["code"] for code in ("nonsense", old[:-1] + "1", "1fc54c75")]
    still = figures(vendor, "ADVANTAGE")
    device.reserve_install(text)
    confirm(vendor, row["id"], f" {device.reserve_confirmation()}\n")
    twice = confirm(vendor, row["id"], device.reserve_confirmation(), 1)["error"]["code"]
    device.reserve_return()

    assert wrong == ["confirmation_code_mismatch"] * 2
    assert bad == ["invalid_code", "invalid_code", "confirmation_code_mismatch"]
    assert still[1] == 2
    assert twice == "nothing_pending"
    with pytest.raises(NotReservedError):
        device.reserve_confirmation()


@pytest.mark.row("C6.1", "C6.4", "C10.4")
def test_a_code_that_waits_for_its_installation_is_an_alert_until_it_is_confirmed(vendor: World) -> None:
    """From the making on, for the first code and for updates; it goes by the code, by the return, by the cancelling."""
    root = (vendor.folder / "root.json").read_bytes()
    device = vendor.unregistered("AIR-1", "central")
    text, instance = reserve(vendor, device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root), "ADVANTAGE=3")
    row = vendor.central("reservation", "list", ACCOUNT)["items"][0]
    made = next(alert for alert in vendor.central("alerts", ACCOUNT)["items"] if alert["kind"] == "reservation_pending")
    device.reserve_install(text)
    confirm(vendor, row["id"], device.reserve_confirmation())
    seen = [vendor.alerts()]
    update(vendor, row["id"], "ADVANTAGE=4")
    seen.append(vendor.alerts())
    vendor.central("reservation", "cancel", ACCOUNT, row["id"])
    seen.append(vendor.alerts())
    update(vendor, row["id"], "ADVANTAGE=2")
    vendor.central("instance", "remove", ACCOUNT, instance, "--return-code", device.reserve_return())
    seen.append(vendor.alerts())

    assert (made["severity"], made["subject"]["reservation"]) == ("informational", row["id"])
    assert "AIR-1" in made["message"]
    assert ["reservation_pending" in kinds for kinds in seen] == [False, True, False, False]
    assert figures(vendor, "ADVANTAGE") == (0, 0, 10)


@pytest.mark.row("C6.8", "C6.3")
def test_a_device_that_comes_to_the_network_ends_an_update_that_waits(vendor: World) -> None:
    """What was reserved and what was in transition are free; neither alert nor update is left."""
    _, row, _ = started(vendor, "ADVANTAGE=3")
    update(vendor, row["id"], "ADVANTAGE=1")
    vendor.device("AIR-1", "central", vendor.token("central", pool="Spare"))
    late = update(vendor, row["id"], "ADVANTAGE=2", code=1)

    assert figures(vendor, "ADVANTAGE") == (0, 0, 10)
    assert "reservation_pending" not in vendor.alerts()
    assert late["code"] == "reservation_ended"


@pytest.mark.both_databases
@pytest.mark.row("C7.2", "C6.3")
def test_what_is_in_transition_moves_with_its_device(vendor: World) -> None:
    """After a transfer the confirmation frees it where the device is now."""
    device, row, _ = started(vendor, "ADVANTAGE=3")
    text = update(vendor, row["id"], "ADVANTAGE=1")
    vendor.central("instance", "transfer", ACCOUNT, row["instance"], "--virtual-account", "Site")
    device.reserve_install(text)
    confirm(vendor, row["id"], device.reserve_confirmation())

    assert vendor.licence("ADVANTAGE", pool="Site")["purchased"] == 6
    assert vendor.licence("ADVANTAGE", pool="Site")["reserved"] == 1
    assert vendor.licence("ADVANTAGE", pool="Spare")["purchased"] == 7
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.1", "C1.8")
def test_the_vendor_switches_reservation_off_for_an_account(vendor: World) -> None:
    """Nothing is reserved or raised then; what is reserved can still be confirmed and given back."""
    device, row, _ = started(vendor, "ADVANTAGE=3")
    text = update(vendor, row["id"], "ADVANTAGE=2")
    changed = vendor.central("account", "change", ACCOUNT, "--no-reservation-allowed")
    words = ("--virtual-account", "Spare", "--request-code", FOREIGN, "--licence", "ADVANTAGE=1")
    new = vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("x"), code=1)["error"]
    device.reserve_install(text)
    confirm(vendor, row["id"], device.reserve_confirmation())
    more = update(vendor, row["id"], "ADVANTAGE=4", code=1)
    back = vendor.central("instance", "remove", ACCOUNT, row["instance"], "--return-code", device.reserve_return())
    vendor.central("account", "change", ACCOUNT, "--reservation-allowed")
    vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("x"))

    assert changed["reservation_allowed"] is False
    assert (new["code"], more["code"]) == ("reservation_off", "reservation_off")
    assert back["removed"]


@pytest.mark.row("C6.4")
def test_the_short_codes_of_other_makers_devices_are_taken_by_their_form(vendor: World) -> None:
    """How they are computed is not public: eight digits are enough, and the event says that only the form was checked."""
    _, instance = reserve(vendor, FOREIGN, "ADVANTAGE=3")
    row = next(one for one in vendor.central("reservation", "list", ACCOUNT)["items"] if one["instance"] == instance)
    update(vendor, row["id"], "ADVANTAGE=1")
    wrong = confirm(vendor, row["id"], "1fc54c7", 1)["error"]["code"]
    confirm(vendor, row["id"], "1fc54c75")
    said = [event["message"] for event in vendor.central("events", ACCOUNT)["items"]]

    assert row["waiting"] is False
    assert wrong == "invalid_code"
    assert figures(vendor, "ADVANTAGE") == (1, 0, 9)
    assert any("its form checked" in message for message in said)


@pytest.mark.row("C6.3", "C6.4", "C6.8")
def test_an_update_that_waits_is_confirmed_while_the_serial_number_is_registered_elsewhere(vendor: World) -> None:
    """What waits is confirmed, what is reserved is given back by its own code only; nothing new is begun meanwhile."""
    device, row, _ = started(vendor, "ADVANTAGE=3")
    waiting = update(vendor, row["id"], "ADVANTAGE=5")
    other = rights.home_of(vendor, "other", "central")
    rights.register(vendor, other, "AIR-1", token=vendor.token("central", pool="Site"))
    other.use("ADVANTAGE", 1)
    device.reserve_install(waiting)
    done = confirm(vendor, row["id"], device.reserve_confirmation())
    raised = figures(vendor, "ADVANTAGE")
    further = update(vendor, row["id"], "ADVANTAGE=1", code=1)
    nothing = vendor.central("reservation", "cancel", ACCOUNT, row["id"], code=1)["error"]
    kept = figures(vendor, "ADVANTAGE")
    vendor.central("reservation", "return", ACCOUNT, row["id"], "--code", device.reserve_return())

    assert done["number"] == 1
    assert (further["code"], nothing["code"]) == ("held_by_former_key", "nothing_pending")
    assert "return code" in further["remedy"]
    assert (raised, kept) == ((5, 0, 5), (5, 0, 5))
    assert figures(vendor, "ADVANTAGE") == (0, 0, 10)
    assert vendor.licence("ADVANTAGE", pool="Site")["in_use"] == 1
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.1", "E4")
def test_a_disk_that_is_full_after_the_booking_leaves_a_way_to_the_code(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names the command that writes the code of what is reserved."""
    root = (vendor.folder / "root.json").read_bytes()
    device = vendor.unregistered("AIR-1", "central")
    request = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    words = ("--virtual-account", "Spare", "--request-code", request, "--licence", "ADVANTAGE=1")

    def full(*_file: object, **_mode: object) -> None:
        raise DiskFullError

    with monkeypatch.context() as patched:
        patched.setattr("central.cli.code_files.write_atomic", full)
        error = vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("code"), code=1)[
            "error"
        ]
    of = vendor.central("reservation", "list", ACCOUNT)["items"][0]["id"]
    vendor.central("reservation", "code", ACCOUNT, of, "--output", vendor.file("code"))
    device.reserve_install((vendor.folder / "code").read_text())

    assert error["code"] == "disk_full"
    assert f"central reservation code {ACCOUNT} {of} --output FILE" in error["remedy"]
