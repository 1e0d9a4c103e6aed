"""Replacements of failed devices, within the quota of the virtual account; devices that are shipped with reservations (rows C6.6, C6.7)."""

from __future__ import annotations

import os
from typing import Any

import pytest

from exchange.identity import Udi
from tests.alarms import cleared, dismissed, raised
from tests.integration import test_given_up_rights as rights
from tests.world import ACCOUNT, World


def reserve(world: World, serial: str, *licences: str) -> tuple[Any, dict[str, Any]]:
    """A device that installed what was reserved for it in Spare, and the reservation."""
    device = world.unregistered(serial, "central")
    words = [word for one in licences for word in ("--licence", one)]
    path = world.file(f"code-{serial}")
    code = request(world, device, serial)
    made = world.central(
        "reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--request-code", code, *words, "--output", path
    )
    device.reserve_install((world.folder / f"code-{serial}").read_text())
    world.central("reservation", "confirm", ACCOUNT, made["id"], "--code", device.reserve_confirmation())
    return device, made


def request(world: World, device: Any, serial: str) -> str:
    """The request code of a device."""
    return str(device.reserve_request(Udi(pid="SW-48", serial=serial), (world.folder / "root.json").read_bytes()))


def rehost(world: World, failed: str, serial: str, *, code: int = 0) -> tuple[Any, Any]:
    """A new device, and what came of rehosting a reservation to it."""
    device = world.unregistered(serial, "central")
    words = (
        "--request-code",
        request(world, device, serial),
        "--notes",
        "burnt",
        "--output",
        world.file(f"c-{serial}"),
    )
    return device, world.central("reservation", "rehost", ACCOUNT, failed, *words, code=code)


def kinds(world: World) -> list[str]:
    """The kinds of the open alerts."""
    return sorted(row["kind"] for row in world.central("alerts", ACCOUNT)["items"])


def lines(row: dict[str, Any]) -> list[tuple[str, int, str | None]]:
    """What a reservation holds, by licence and end."""
    return sorted((one["tag"], one["quantity"], one["end"]) for one in row["licences"])


@pytest.mark.both_databases
@pytest.mark.row("C6.7")
def test_a_failed_device_is_rehosted_and_the_quota_counts_where_licences_fall_short(vendor: World) -> None:
    """Both show the same; the shortage shows; the second of a tenth is refused, the alert reset or not; a return settles it."""
    failed, first = reserve(vendor, "AIR-1", "ADVANTAGE=6")
    _other, second = reserve(vendor, "AIR-2", "ADVANTAGE=4")
    device, made = rehost(vendor, first["id"], "AIR-3")
    listed = {row["id"]: row for row in vendor.central("reservation", "list", ACCOUNT)["items"]}
    assert lines(listed[first["id"]]) == lines(listed[made["id"]]) == [("ADVANTAGE", 6, None)]
    assert (listed[first["id"]]["pending_removal"], listed[made["id"]]["owed"]) == (True, 6)
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == -6
    assert {"pending_removal", "insufficient_licences", "reservation_pending"} <= set(kinds(vendor))
    assert vendor.central("ledger", "verify")["ok"]
    device.reserve_install((vendor.folder / "c-AIR-3").read_text())
    assert device.may_use("ADVANTAGE", 6).allowed

    assert rehost(vendor, second["id"], "AIR-4", code=1)[1]["error"]["code"] == "too_many_rehosts"
    assert rehost(vendor, first["id"], "AIR-5", code=1)[1]["error"]["code"] == "already_rehosted"
    vendor.central("reservation", "reset-alert", ACCOUNT, first["id"])
    assert "pending_removal" not in kinds(vendor)
    assert rehost(vendor, second["id"], "AIR-6", code=1)[1]["error"]["code"] == "too_many_rehosts"
    words = ("--licence", "ADVANTAGE=7", "--output", vendor.file("update"))
    assert vendor.central("reservation", "update", ACCOUNT, made["id"], *words, code=1)["error"]["code"] == "owed_units"

    vendor.central("reservation", "return", ACCOUNT, first["id"], "--code", failed.reserve_return())
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 0
    assert vendor.central("ledger", "verify")["ok"]
    [row] = [one for one in vendor.central("reservation", "list", ACCOUNT)["items"] if one["id"] == made["id"]]
    assert row["owed"] == 0
    assert rehost(vendor, second["id"], "AIR-7")[1]["state"] == "active"
    assert "reservation:rehosted" in {one["kind"] for one in vendor.central("events", ACCOUNT)["items"]}


@pytest.mark.row("C6.7")
def test_enough_licences_need_no_quota_and_a_returned_device_ends_the_mark(vendor: World) -> None:
    """Two rehosts beside each other where all units are free; a replacement that goes leaves the failed device as it was."""
    _failed, first = reserve(vendor, "AIR-1", "ADVANTAGE=2")
    other, second = reserve(vendor, "AIR-2", "ADVANTAGE=2")
    device, made = rehost(vendor, first["id"], "AIR-3")
    assert (made["owed"], rehost(vendor, second["id"], "AIR-4")[1]["owed"]) == (0, 0)
    assert len(raised(vendor, "central", "pending_removal")) == 2
    device.reserve_install((vendor.folder / "c-AIR-3").read_text())
    vendor.central("reservation", "return", ACCOUNT, made["id"], "--code", device.reserve_return())
    assert len(raised(vendor, "central", "pending_removal")) == 1
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 6
    vendor.central("reservation", "return", ACCOUNT, second["id"], "--code", other.reserve_return())
    cleared(vendor, "central", "pending_removal")
    assert vendor.central("reservation", "reset-alert", ACCOUNT, first["id"], code=1)["error"]["code"] == "not_rehosted"
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.6")
def test_a_shipment_reserves_and_a_device_that_registers_elsewhere_sends_it_back(vendor: World) -> None:
    """Shown as reserving with nothing to confirm; refused as a whole; back in the original virtual account, with an alert."""
    devices = {serial: vendor.unregistered(serial, "central") for serial in ("FAC-1", "FAC-2", "FAC-3")}
    codes = {serial: request(vendor, device, serial) for serial, device in devices.items()}
    head = "request_code,virtual_account,tag,quantity\n"
    good = [f"{codes['FAC-1']},Spare,ADVANTAGE,3", f"{codes['FAC-2']},Spare,ADVANTAGE,1"]
    bad = vendor.file(
        "bad.csv", head + "\n".join([*good, f"{codes['FAC-3']},Spare,ADVANTAGE,900", "x,Spare,ADVANTAGE,1"])
    )
    refused = vendor.central("reservation", "factory-import", ACCOUNT, bad, code=1)["error"]
    assert "line 4: not_enough_free" in refused["message"]
    assert "line 5: invalid_code" in refused["message"]
    assert vendor.central("reservation", "list", ACCOUNT)["items"] == []
    file = vendor.file("good.csv", head + "\n".join(good))
    assert vendor.central("reservation", "factory-import", ACCOUNT, file, "--preview")["devices"] == 2
    assert vendor.central("reservation", "list", ACCOUNT)["items"] == []
    made = vendor.central("reservation", "factory-import", ACCOUNT, file, "--output", str(vendor.folder / "shipped"))
    assert [(row["factory"], row["waiting"], row["state"]) for row in made["items"]] == [(True, False, "active")] * 2
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 4
    assert "reservation_pending" not in kinds(vendor)

    for serial in ("FAC-1", "FAC-2"):
        devices[serial].reserve_install((vendor.folder / "shipped" / f"SW-48-{serial}.xml").read_text())
    vendor.device("FAC-1", "central", vendor.token("central", pool="Site"))
    vendor.device("FAC-2", "central", vendor.token("central", pool="Spare"))
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0
    (alert,) = raised(vendor, "central", "reserved_licences_returned")
    assert (alert["severity"], alert["source"]) == ("informational", "Spare")
    assert all(word in alert["message"] for word in ("FAC-1", "Site", "3 of Advantage"))
    dismissed(vendor, "central", "reserved_licences_returned")
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.1")
def test_many_request_codes_get_many_authorization_codes_and_each_its_result(vendor: World) -> None:
    """A folder in, a folder out; a code that is mistyped, known, or finds too little is named, and stops none."""
    devices = {serial: vendor.unregistered(serial, "central") for serial in ("BLK-1", "BLK-2", "BLK-3")}
    codes = {serial: request(vendor, device, serial) for serial, device in devices.items()}
    folder, out = vendor.folder / "codes", vendor.folder / "out"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{codes['BLK-1']}\n\n{codes['BLK-2']}\n", encoding="utf-8")
    (folder / "b.txt").write_text(f"{codes['BLK-1']}\nnonsense\n{codes['BLK-3']}\n", encoding="utf-8")
    words = ("--virtual-account", "Spare", "--licence", "ADVANTAGE=4", "--codes", str(folder), "--output", str(out))
    found = vendor.central("reservation", "create", ACCOUNT, *words, code=1)
    codes_of = [one["error"]["code"] if one["error"] else None for one in found["items"]]

    assert codes_of == [None, None, "already_reserved", "invalid_code", "not_enough_free"]
    assert (found["reserved"], found["refused"]) == (2, 3)
    assert sorted(path.name for path in out.iterdir()) == ["SW-48-BLK-1.xml", "SW-48-BLK-2.xml"]
    devices["BLK-2"].reserve_install((out / "SW-48-BLK-2.xml").read_text())
    assert devices["BLK-2"].may_use("ADVANTAGE", 4).allowed
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 8


@pytest.mark.row("C6.7")
def test_a_replacement_that_fails_too_hands_the_failed_device_on(vendor: World) -> None:
    """A failed device counts as such until it is returned itself, however often its replacement was replaced."""
    failed, first = reserve(vendor, "AIR-1", "ADVANTAGE=6")
    middle, second = reserve(vendor, "AIR-2", "ADVANTAGE=1")
    device, made = rehost(vendor, second["id"], "AIR-3")
    device.reserve_install((vendor.folder / "c-AIR-3").read_text())
    _last, other = rehost(vendor, made["id"], "AIR-4")
    assert (made["owed"], other["owed"]) == (0, 0)
    vendor.central("reservation", "return", ACCOUNT, made["id"], "--code", device.reserve_return())
    listed = {row["id"]: row for row in vendor.central("reservation", "list", ACCOUNT)["items"]}
    assert (listed[second["id"]]["rehosted_to"], listed[other["id"]]["rehost_of"]) == (other["id"], second["id"])
    assert rehost(vendor, second["id"], "AIR-5", code=1)[1]["error"]["code"] == "already_rehosted"
    assert rehost(vendor, first["id"], "AIR-6", code=1)[1]["error"]["code"] == "too_many_rehosts"
    vendor.central("reservation", "return", ACCOUNT, second["id"], "--code", middle.reserve_return())
    assert rehost(vendor, first["id"], "AIR-7")[1]["owed"] == 3
    vendor.central("reservation", "return", ACCOUNT, first["id"], "--code", failed.reserve_return())
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 3
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.7", "C7.2")
def test_a_failed_device_and_what_owes_units_stay_where_the_quota_counts_them(vendor: World) -> None:
    """Moved elsewhere, the one would free the quota of its virtual account, and the other never get what it is owed."""
    _failed, first = reserve(vendor, "AIR-1", "ADVANTAGE=6")
    _device, made = rehost(vendor, first["id"], "AIR-3")
    assert made["owed"] == 2
    for row, why in ((first, "already_rehosted"), (made, "owed_units")):
        words = ("instance", "transfer", ACCOUNT, row["instance"], "--to", "Site")
        assert vendor.central(*words, code=1)["error"]["code"] == why
    assert rehost(vendor, made["id"], "AIR-4", code=1)[1]["error"]["code"] == "too_many_rehosts"


@pytest.mark.row("C6.7", "C7.2")
def test_a_rehosted_device_that_registered_in_another_virtual_account_may_move_on(vendor: World) -> None:
    """What is reserved stays where it was reserved; the instance is elsewhere, and its move there changes no quota."""
    vendor.central("virtual-account", "create", ACCOUNT, "Third")
    _failed, first = reserve(vendor, "AIR-1", "ADVANTAGE=6")
    _device, made = rehost(vendor, first["id"], "AIR-3")
    here = rights.home_of(vendor, "other", "central")
    rights.register(vendor, here, "AIR-1", token=vendor.token("central", pool="Site"))
    words = ("instance", "transfer", ACCOUNT, str(here.state.instance), "--to")
    moved = vendor.central(*words, "Third")
    rows = {row["id"]: row["virtual_account"] for row in vendor.central("reservation", "list", ACCOUNT)["items"]}
    vendor.central(*words, "Spare")

    assert moved["virtual_account"] == "Third"
    assert rows == {first["id"]: "Spare", made["id"]: "Spare"}
    assert vendor.central(*words, "Site", code=1)["error"]["code"] == "already_rehosted"
    assert vendor.central("ledger", "verify")["ok"]


def bulk(world: World, folder: str, out: str, *, code: int = 0) -> dict[str, Any]:
    """Reserve one Advantage in Spare for each code of a folder."""
    words = ("--licence", "ADVANTAGE=1", "--codes", str(world.folder / folder), "--output", str(world.folder / out))
    return world.central("reservation", "create", ACCOUNT, "--virtual-account", "Spare", *words, code=code)


@pytest.mark.row("C6.1")
def test_no_request_code_of_a_folder_is_left_out_without_a_word(vendor: World) -> None:
    """UTF-16 with its mark is read; an empty folder, a pipe and a broken link are refused, and nothing is reserved."""
    folder = vendor.folder / "codes"
    folder.mkdir()
    empty = bulk(vendor, "codes", "out", code=1)["error"]
    (folder / "b.txt").write_text(
        f"\ufeff{request(vendor, vendor.unregistered('U-1', 'central'), 'U-1')}\r\n", "utf-16"
    )
    os.mkfifo(folder / "a")
    pipe = bulk(vendor, "codes", "out", code=1)["error"]
    (folder / "a").unlink()
    (folder / "a").symlink_to(folder / "gone")
    link = bulk(vendor, "codes", "out", code=1)["error"]
    (folder / "a").unlink()

    assert [one["code"] for one in (empty, pipe, link)] == ["file_unreadable"] * 3
    assert ["no file with" in empty["message"], "a pipe" in pipe["message"], "a symbolic link" in link["message"]] == [
        True
    ] * 3
    assert vendor.central("reservation", "list", ACCOUNT)["items"] == []
    assert bulk(vendor, "codes", "out")["items"][0]["reservation"]["serial"] == "U-1"


@pytest.mark.row("C6.1", "C6.6")
def test_devices_whose_names_make_one_name_of_a_file_have_a_file_each(vendor: World) -> None:
    """No authorization code replaces another's, by either command."""
    codes = [request(vendor, vendor.unregistered(f"D{n}", "central"), f"N{sign}1") for n, sign in enumerate("/_+*")]
    (vendor.folder / "codes").mkdir()
    (vendor.folder / "codes" / "a").write_text("\n".join(codes[:2]), encoding="utf-8")
    made = [one["path"] for one in bulk(vendor, "codes", "out")["items"]]
    file = vendor.file(
        "f.csv",
        "request_code,tag,quantity,virtual_account\n" + "".join(f"{one},ADVANTAGE,1,Spare\n" for one in codes[2:]),
    )
    vendor.central("reservation", "factory-import", ACCOUNT, file, "--output", str(vendor.folder / "shipped"))
    shipped = sorted((vendor.folder / "shipped").iterdir())

    assert [path.rpartition("/")[2] for path in made] == ["SW-48-N_1.xml", "SW-48-N_1-2.xml"]
    assert [path.name for path in shipped] == ["SW-48-N_1-2.xml", "SW-48-N_1.xml"]
    assert len({path.read_bytes() for path in shipped}) == 2


@pytest.mark.row("C6.6")
def test_a_shipment_that_contradicts_itself_or_has_no_place_for_its_codes_reserves_nothing(vendor: World) -> None:
    """One device in two virtual accounts is named by its line; a folder that cannot be made is refused before anything is booked."""
    code = request(vendor, vendor.unregistered("FAC-9", "central"), "FAC-9")
    head = "request_code,virtual_account,tag,quantity\n"
    twofold = vendor.file("twofold.csv", f"{head}{code},Spare,ADVANTAGE,1\n{code},Site,ESSENTIALS,1\n")
    bad = vendor.central("reservation", "factory-import", ACCOUNT, twofold, code=1)["error"]
    good, blocked = vendor.file("good.csv", f"{head}{code},Spare,ADVANTAGE,1\n"), f"{vendor.file('plain', 'x')}/codes"
    unplaced = vendor.central("reservation", "factory-import", ACCOUNT, good, "--output", blocked, code=1)["error"]

    assert "line 3: lines_differ" in bad["message"]
    assert unplaced["code"] == "file_unreadable"
    assert vendor.central("reservation", "list", ACCOUNT)["items"] == []
