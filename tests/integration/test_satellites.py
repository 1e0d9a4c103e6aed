"""Satellites in their life: approval, names, forks, restores, removal, keys that are replaced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.world import ACCOUNT, World


def registration(world: World, name: str = "North", home: str = "satellite") -> str:
    """A satellite's registration file."""
    world.satellite("init", "--name", name, "--root", world.file("root.json"), "--lab", home=home)
    world.satellite("registration", "export", "--output", world.file(f"{home}.reg"), home=home)
    return world.file(f"{home}.reg")


ADD = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--registration")


@pytest.mark.row("C11.1", "S1.2")
def test_a_held_satellite_waits_for_the_vendor(vendor: World) -> None:
    """By policy nothing is authorized before a person of the vendor approved it."""
    vendor.central("policy", "set", "satellite_authorization", "approval")
    vendor.central(*ADD, registration(vendor))
    early = vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("a"), code=1)["error"]
    waiting = vendor.alerts()
    vendor.central("satellite", "approve", ACCOUNT, "North")
    ready = vendor.alerts()
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("a"))
    vendor.satellite("registration", "import", vendor.file("a"))

    assert early["code"] == "approval_pending"
    assert "satellite_authorization_pending" in waiting
    assert "satellite_authorization_ready" in ready
    assert vendor.satellite("registration", "status")["state"] == "authorized"


@pytest.mark.row("C11.1")
def test_the_same_satellite_is_not_added_twice(vendor: World) -> None:
    """Its file again under another name is refused; so is the same name for another satellite."""
    first = registration(vendor)
    vendor.central(*ADD, first)
    again = vendor.central(
        "satellite", "add", ACCOUNT, "--name", "Other", "--virtual-account", "Spare", "--registration", first, code=1
    )["error"]
    second = registration(vendor, home="satellite-2")
    named = vendor.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Spare", "--registration", second, code=1
    )["error"]

    assert {again["code"], named["code"]} <= {"satellite_exists", "satellite_known"}
    assert len(vendor.central("satellite", "list", ACCOUNT)["items"]) == 1


@pytest.mark.row("S1.2", "S2.5")
def test_files_of_another_site_are_refused_by_name(site: World) -> None:
    """An authorization or a response of another satellite changes nothing."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.found_satellite("South", home="satellite-2", pool="South")
    before = site.satellite("status")
    codes = [site.satellite("registration", "import", site.file("authorization"), code=1)["error"]["code"]]
    site.satellite("sync", "export", "--output", site.file("q2"), home="satellite-2")
    site.central("sync", "import", site.file("q2"), "--output", site.file("r2"))
    codes.append(site.satellite("sync", "import", site.file("r2"), code=1)["error"]["code"])

    assert codes == ["wrong_satellite", "wrong_satellite"]
    assert site.satellite("status") == before


@pytest.mark.row("S1.2")
def test_an_authorization_whose_certificates_have_ended_is_refused_by_name(vendor: World) -> None:
    """A file that was carried for years registers no one; the day is named."""
    home = ("--root", vendor.file("root.json"))
    vendor.satellite("init", "--name", "North", *home, "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    add = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site")
    vendor.central(*add, "--registration", vendor.file("registration"))
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("authorization"))
    vendor.satellite("clock", "advance", "2000d")
    error = vendor.satellite("registration", "import", vendor.file("authorization"), code=1)["error"]

    assert error["code"] == "expired"
    assert "the certificates in the authorization ended at 20" in error["message"]
    assert vendor.satellite("registration", "status")["state"] != "authorized"


@pytest.mark.row("S1.2")
def test_files_of_another_vendor_are_refused_by_name(site: World, tmp_path: Path) -> None:
    """A response signed under another root is not believed."""
    other = World(tmp_path / "other")
    other.folder.mkdir()
    other.found_central()
    other.found_satellite()
    other.satellite("sync", "export", "--output", other.file("q"))
    refused = site.central("sync", "import", other.file("q"), "--output", site.file("r"), code=1)["error"]
    other.central("sync", "import", other.file("q"), "--output", other.file("r"))
    response = site.satellite("sync", "import", other.file("r"), code=1)["error"]

    assert refused["code"] in {"wrong_vendor", "unknown_issuer"}
    assert response["code"] in {"wrong_vendor", "unknown_issuer"}


@pytest.mark.row("S2.6")
def test_a_cloned_satellite_is_recognised(site: World) -> None:
    """Two copies of one satellite diverge: the second one's file is refused as a fork, and an alert says so."""
    site.device("SN1").use("ADVANTAGE", 1)
    site.synchronize("1")
    shutil.copytree(site.folder / "satellite", site.folder / "satellite-clone")
    site.synchronize("2")
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "3", home="satellite-clone")
    site.satellite("sync", "export", "--output", site.file("theirs"), home="satellite-clone")
    refused = site.central("sync", "import", site.file("theirs"), "--output", site.file("x"), code=1)["error"]

    assert refused["code"] == "fork"
    assert "satellite_forked" in site.alerts()
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("S2.6", "S2.3")
def test_a_satellite_restored_from_an_older_copy_recovers_by_a_new_registration(site: World) -> None:
    """The restored copy is recognised, says what to do, and after the new epoch both sides agree and nothing is lost."""
    first = site.device("SN1")
    first.use("ADVANTAGE", 1)
    site.synchronize("1")
    shutil.copytree(site.folder / "satellite", site.folder / "backup")
    second = site.device("SN2")
    second.use("ADVANTAGE", 1)
    site.synchronize("2")
    for name in ("satellite.db", "satellite.db-wal", "satellite.db-shm"):
        (site.folder / "satellite" / name).unlink(missing_ok=True)
        if (site.folder / "backup" / name).exists():
            shutil.copy(site.folder / "backup" / name, site.folder / "satellite" / name)
    site.close()
    refused = site.satellite("sync", "export", "--output", site.file("x"), code=1)["error"]
    site.satellite("registration", "export", "--output", site.file("again"))
    site.central("satellite", "resync", ACCOUNT, "North", "--registration", site.file("again"))
    site.central("satellite", "authorize", ACCOUNT, "North", "--output", site.file("a2"))
    site.satellite("registration", "import", site.file("a2"))
    made, _, _ = site.synchronize("3")
    second.renew_authorization()
    mine = {x["serial"] for x in site.satellite("instances")["items"]}
    theirs = {x["serial"] for x in site.central("instances", ACCOUNT)["items"]}

    assert refused["code"] == "resync_required"
    assert made["full"]
    assert made["epoch"] == 2
    assert mine == theirs == {"SN1", "SN2"}
    assert second.may_use("ADVANTAGE").allowed
    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 2


@pytest.mark.both_databases
@pytest.mark.row("C11.3")
def test_removing_a_satellite_frees_its_pools_and_its_ordinary_licences(site: World) -> None:
    """Its instances leave central and its virtual accounts are ordinary ones again; its later files are refused."""
    site.device("SN1").use("ADVANTAGE", 2)
    site.synchronize("1")
    site.central("satellite", "remove", ACCOUNT, "North")
    site.satellite("sync", "export", "--output", site.file("late"))
    refused = site.central("sync", "import", site.file("late"), "--output", site.file("x"), code=1)["error"]
    pools = {x["name"]: x["satellite"] for x in site.central("virtual-account", "list", ACCOUNT)["items"]}

    assert site.central("instances", ACCOUNT)["items"] == []
    assert site.licence("ADVANTAGE")["in_use"] == 0
    assert pools["Site"] is None
    assert refused["code"] in {"not_authorized", "not_mine", "resync_required"}


@pytest.mark.row("C11.3", "C1.3")
def test_a_further_virtual_account_reaches_the_site_with_the_next_response(site: World) -> None:
    """After one round trip the satellite owns what is in it and makes tokens for it."""
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize()
    site.satellite("token", "create", "--virtual-account", "Spare", "--days", "3")

    assert site.licence("ADVANTAGE", "satellite", "Spare")["purchased"] == 10


@pytest.mark.row("E2")
@pytest.mark.parametrize("role", ["response", "grant"])
def test_a_replaced_role_key_reaches_site_and_device_without_a_visit(site: World, role: str) -> None:
    """After the key was replaced the next files carry the new root; devices follow at their next contact."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    device.request_export("STRONG", 1)
    keys = site.file("root-keys")
    site.central("role-key", "replace", role, "--root-keys", keys, "--passphrase-file", str(Path(keys) / "passphrase"))
    site.synchronize()
    device.renew_authorization()

    assert site.satellite("registration", "status")["root_version"] == 2
    assert device.may_use("ADVANTAGE").allowed
    assert device.may_use("STRONG").allowed


@pytest.mark.row("E2")
def test_a_rotated_root_is_followed_by_site_and_device(site: World) -> None:
    """Old and new root keys sign the change, so what trusted the old one goes on."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    keys = site.file("root-keys")
    site.central("root", "rotate", "--root-keys", keys, "--passphrase-file", str(Path(keys) / "passphrase"))
    site.synchronize()
    device.renew_authorization()

    assert site.satellite("registration", "status")["root_version"] == 2
    assert device.may_use("ADVANTAGE").allowed


@pytest.mark.row("S2.4")
def test_what_is_dropped_or_disguised_does_not_leave_the_site(site: World) -> None:
    """The preview, the file and central all lack the host name; a pseudonym is the same at every time."""
    site.satellite("privacy", "set", "hostname", "pseudonym")
    site.device("SN1", hostname="secret-host-name").use("ADVANTAGE", 1)
    preview = json.dumps(site.satellite("sync", "preview"))
    site.synchronize("1")
    first = site.central("instances", ACCOUNT)["items"][0]["name"]
    site.satellite("sync", "export", "--full", "--output", site.file("q"))
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    second = site.central("instances", ACCOUNT)["items"][0]["name"]

    assert "secret-host-name" not in preview
    assert "secret-host-name" not in json.dumps(site.central("events", ACCOUNT))
    assert first == second != "secret-host-name"
    assert site.satellite("instances")["items"][0]["name"] == "secret-host-name"


@pytest.mark.row("S2.6")
def test_an_old_registration_file_does_not_tell_two_copies_apart(site: World) -> None:
    """After a fork only a file with a fresh key opens the next epoch."""
    refused = site.central(
        "satellite", "resync", ACCOUNT, "North", "--registration", site.file("registration"), code=1
    )["error"]
    site.satellite("registration", "export", "--output", site.file("fresh"))
    site.central("satellite", "resync", ACCOUNT, "North", "--registration", site.file("fresh"))

    assert refused["code"] == "registration_used"
