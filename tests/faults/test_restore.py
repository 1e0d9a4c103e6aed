"""Copies, backups and restores on both sides: recognised, held, healed, and devices notice nothing."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.errors import ServerRefusedError
from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.errors import CentralRecoveringError
from central.domain.transfers.services import transfer_licences
from central.runtime import open_central
from serverkit.actor import OPERATOR
from serverkit.backup.container import PIECE, new_header, read_pieces, write_pieces
from serverkit.backup.errors import BackupDamagedError
from tests.faults.harness import Load, dies_at, seed, serving
from tests.world import ACCOUNT, World

SECRET = "correct horse battery staple"


def copy_home(world: World, home: str, target: str) -> None:
    """What a person does who copies a folder."""
    shutil.copytree(world.folder / home, world.folder / target)


def restore_older(world: World, home: str, source: str, *, anchor: bool = False) -> None:
    """Replace a home's database by an older copy, with or without the anchor."""
    world.close()
    where, old = world.folder / home, world.folder / source
    for name in (f"{home}.db", f"{home}.db-wal", f"{home}.db-shm"):
        (where / name).unlink(missing_ok=True)
        if (old / name).exists():
            shutil.copy(old / name, where / name)
    if anchor:
        shutil.rmtree(where / "anchor")
        shutil.copytree(old / "anchor", where / "anchor")


def resync(world: World, mark: str, home: str = "satellite") -> None:
    """The one way back: a fresh registration, a new epoch, its authorization."""
    world.satellite("registration", "export", "--output", world.file(f"reg-{mark}"), home=home)
    world.central("satellite", "resync", ACCOUNT, "North", "--registration", world.file(f"reg-{mark}"))
    authorize(world, mark, home)


def authorize(world: World, mark: str, home: str = "satellite") -> None:
    """Carry the authorization file."""
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file(f"auth-{mark}"))
    world.satellite("registration", "import", world.file(f"auth-{mark}"), home=home)


def behind(world: World) -> None:
    """The database from before a synchronization, the anchor from after it."""
    copy_home(world, "satellite", "old")
    world.synchronize("behind")
    restore_older(world, "satellite", "old")


def behind_without_sync(world: World) -> None:
    """The database from before a registration; the anchor was raised by its job only."""
    copy_home(world, "satellite", "old")
    world.device("SN-later")
    world.satellite("jobs", "run", "anchor")
    restore_older(world, "satellite", "old")


def no_anchor(world: World) -> None:
    """The anchor was deleted."""
    shutil.rmtree(world.folder / "satellite" / "anchor")


def damaged_anchor(world: World) -> None:
    """The anchor cannot be read."""
    (world.folder / "satellite" / "anchor" / "anchor.json").write_text("{")


@pytest.mark.row("S2.6", "S4.2")
@pytest.mark.parametrize("fault", [behind, behind_without_sync, no_anchor, damaged_anchor])
def test_a_site_that_may_be_an_older_copy_holds_and_recovers(site: World, fault: Callable[[World], None]) -> None:
    """Renewals go on; registrations, restricted requests and exports are refused with the cause; resync heals it all."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.synchronize("1")
    token = site.token()
    fault(site)
    device.use("ADVANTAGE", 2)
    with pytest.raises(ServerRefusedError) as registered:
        site.device("SN2", token=token)
    with pytest.raises(ServerRefusedError) as asked:
        device.request_export("STRONG", 1)
    refused = site.satellite("sync", "export", "--output", site.file("x"), code=1)["error"]["code"]
    cause = site.satellite("sync", "doctor", code=1)["cause"]["code"]
    held = site.satellite("status")["restored"]
    resync(site, "heal")
    site.synchronize("2")
    site.device("SN3").use("ADVANTAGE", 1)
    device.use("ADVANTAGE", 1)
    site.synchronize("3")

    assert (registered.value.reason, asked.value.reason) == ("recovery", "recovery")
    assert refused == "resync_required"
    assert cause == ("anchor_damaged" if fault is damaged_anchor else "site_restored")
    assert held
    assert not site.satellite("status")["restored"]
    assert device.may_use("ADVANTAGE").allowed
    assert site.licence("ADVANTAGE")["in_use"] == site.licence("ADVANTAGE", "satellite")["in_use"] == 2
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("S2.6")
def test_an_older_anchor_loosens_nothing_and_is_raised_again(site: World) -> None:
    """A planted old anchor leaves a sound site at work, and the next file raises it."""
    shutil.copytree(site.folder / "satellite" / "anchor", site.folder / "old-anchor")
    site.synchronize("1")
    shutil.rmtree(site.folder / "satellite" / "anchor")
    shutil.copytree(site.folder / "old-anchor", site.folder / "satellite" / "anchor")
    site.device("SN1")
    site.synchronize("2")

    assert not site.satellite("status")["restored"]
    assert '"seq": 2' in (site.folder / "satellite" / "anchor" / "anchor.json").read_text()


@pytest.mark.row("S2.6")
def test_a_restored_site_stays_held_when_its_numbers_come_as_far_again(site: World) -> None:
    """Catching up with the anchor by further changes does not hide that the site was restored."""
    device = site.device("SN1")
    copy_home(site, "satellite", "old")
    site.device("SN2")
    site.satellite("jobs", "run", "anchor")
    restore_older(site, "satellite", "old")
    first = site.satellite("status")["restored"]
    for count in range(1, 30):
        device.use("ADVANTAGE", 1 + count % 3)

    assert first
    assert site.satellite("status")["restored"]


@pytest.mark.row("S2.6", "C11.2")
def test_a_machine_restored_with_its_anchor_is_detected_by_central(site: World) -> None:
    """A revert of the whole machine shows at its next file: set aside, alert, and the same way back."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.synchronize("1")
    copy_home(site, "satellite", "old")
    device.use("ADVANTAGE", 2)
    site.synchronize("2")
    restore_older(site, "satellite", "old", anchor=True)
    device.use("ADVANTAGE", 3)
    site.satellite("sync", "export", "--output", site.file("q"))
    refused = site.central("sync", "import", site.file("q"), "--output", site.file("x"), code=1)["error"]["code"]
    alerts = site.alerts()
    resync(site, "heal")
    site.synchronize("3")

    assert refused == "fork"
    assert "satellite_forked" in alerts
    assert "satellite_forked" not in site.alerts()
    assert site.licence("ADVANTAGE")["in_use"] == 3


@pytest.mark.row("S2.6", "C11.2", "C8.2")
def test_two_copies_of_a_site_are_held_until_a_person_picks_one(site: World) -> None:
    """Both synchronize: the second is set aside, neither gets restricted rights, renewals go on, the loser is told."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.synchronize("1")
    copy_home(site, "satellite", "satellite-copy")
    device.request_export("STRONG", 1)
    site.synchronize("2")
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "3", home="satellite-copy")
    site.satellite("sync", "export", "--output", site.file("theirs"), home="satellite-copy")
    forked = site.central("sync", "import", site.file("theirs"), "--output", site.file("x"), code=1)["error"]["code"]
    site.satellite("sync", "export", "--full", "--output", site.file("ours"))
    held = site.central("sync", "import", site.file("ours"), "--output", site.file("x"), code=1)["error"]["code"]
    device.renew_authorization()
    alert = next(row for row in site.central("alerts", ACCOUNT)["items"] if row["kind"] == "satellite_forked")
    resync(site, "heal")
    site.synchronize("3")
    site.satellite("sync", "export", "--output", site.file("late"), home="satellite-copy")
    reply = site.central("sync", "import", site.file("late"), "--output", site.file("x"), code=1)["error"]["code"]
    device.renew_authorization()

    assert (forked, held, reply) == ("fork", "fork", "resync_required")
    assert alert["severity"] == "major"
    assert device.may_use("ADVANTAGE").allowed
    assert device.may_use("STRONG").allowed
    assert site.licence("STRONG")["in_use"] == 1
    assert "satellite_forked" not in site.alerts()


def grown(world: World, mark: str) -> object:
    """A device with an ordinary and a restricted licence, known to both sides."""
    device = world.device(f"SN-{mark}")
    device.use("ADVANTAGE", 1)
    device.request_export("STRONG", 1)
    world.synchronize(mark)
    device.renew_authorization()
    assert device.may_use("STRONG").allowed
    return device


@pytest.mark.row("C11.2", "C8.2", "S2.6")
@pytest.mark.parametrize("how", ["anchor", "request", "command"])
def test_a_restored_central_learns_again_what_its_sites_hold(site: World, how: str) -> None:
    """Found by its anchor, by a site's request or by the command: new epoch, nothing decided before the full request."""
    passphrase = site.file("pass", SECRET)
    if how == "command":
        site.central("backup", "create", "--output", site.file("b"), "--passphrase-file", passphrase)
    else:
        copy_home(site, "central", "old")
    device = grown(site, "1")
    second = site.device("SN2")
    second.request_export("STRONG", 1)
    if how == "command":
        site.close()
        site.central("restore", site.file("b"), "--passphrase-file", passphrase, "--replace")
    else:
        restore_older(site, "central", "old", anchor=how == "request")
    site.satellite("sync", "export", "--output", site.file("q"))
    refused = site.central("sync", "import", site.file("q"), "--output", site.file("x"), code=1)["error"]["code"]
    with open_central(site.folder / "central").database.write(OPERATOR) as unit:
        pools = {row.name: row for row in unit.session.scalars(select(VirtualAccount))}
        with pytest.raises(CentralRecoveringError):
            transfer_licences(unit, pools["Site"], pools["Spare"], "ADVANTAGE", 1)
    listed = site.central("satellite", "list", ACCOUNT)["items"][0]
    alerts = site.alerts()
    authorize(site, "again")
    made, _, _ = site.synchronize("2")
    second.renew_authorization()
    device.renew_authorization()

    assert refused == "resync_required"
    assert listed["recovering"]
    assert "satellite_authorization_ready" in alerts
    assert made["full"]
    assert made["epoch"] > 1
    assert device.may_use("STRONG").allowed
    assert second.may_use("STRONG").allowed
    assert site.licence("STRONG")["in_use"] == 2
    assert site.licence("ADVANTAGE")["in_use"] == 1
    assert not site.central("satellite", "list", ACCOUNT)["items"][0]["recovering"]
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.2", "C8.2")
def test_a_grant_that_central_forgot_is_adopted_before_anything_is_decided(site: World) -> None:
    """Two units, two granted before the restore: a third device gets none, however short the pool seems."""
    copy_home(site, "central", "old")
    one, two = grown(site, "1"), grown(site, "2")
    third = site.device("SN3")
    third.request_export("STRONG", 1)
    restore_older(site, "central", "old")
    site.central("satellite", "list", ACCOUNT)
    authorize(site, "again")
    site.synchronize("3")
    third.renew_authorization()

    adopted = [row for row in site.central("events", ACCOUNT)["items"] if row["kind"] == "export:adopted"]
    assert len(adopted) == 2
    assert "1 of Strong encryption" in adopted[0]["message"]
    assert one.may_use("STRONG").allowed  # type: ignore[attr-defined]
    assert two.may_use("STRONG").allowed  # type: ignore[attr-defined]
    assert not third.may_use("STRONG").allowed
    assert site.licence("STRONG")["in_use"] == 2


@pytest.mark.row("C11.2", "C3.1", "B23")
def test_what_a_forgotten_grant_lacks_is_a_shortage_with_its_reason(site: World) -> None:
    """Of five granted units the restored central owns two: it is three short, says so, and later purchases cover them."""
    copy_home(site, "central", "old")
    more = site.file("more.csv", "virtual_account,tag,quantity,order_number,order_line\nSite,STRONG,3,O-2,1\n")
    site.central("order", "import", ACCOUNT, more)
    device = site.device("SN1")
    device.request_export("STRONG", 5)
    site.synchronize("1")
    device.renew_authorization()
    site.synchronize("2")
    restore_older(site, "central", "old")
    site.central("satellite", "list", ACCOUNT)
    authorize(site, "again")
    site.synchronize("3")
    short, of_site = site.licence("STRONG"), site.licence("STRONG", "satellite")
    alerts = {alert["kind"]: alert for alert in site.central("alerts", ACCOUNT)["items"]}
    why = site.central("ledger", "explain", ACCOUNT, "STRONG", "--virtual-account", "Site")
    sound = site.central("ledger", "verify")["ok"]
    site.central("order", "import", ACCOUNT, more)
    covered, after = site.licence("STRONG"), site.alerts()
    device.return_export("STRONG")
    site.synchronize("4")
    returned = site.licence("STRONG")

    assert [(row["purchased"], row["in_use"], row["balance"]) for row in (short, of_site)] == [(2, 5, -3)] * 2
    assert "3 more of Strong encryption needed in Site" in alerts["insufficient_licences"]["message"]
    assert (why["balance"], why["buckets"]) == (-3, {"locked": 2, "owed": 3})
    assert [row["quantity"] for row in why["postings"] if row["to"] == "owed"] == [3]
    assert sound
    assert (covered["purchased"], covered["in_use"], covered["balance"]) == (5, 5, 0)
    assert "insufficient_licences" not in after
    assert (returned["purchased"], returned["in_use"], returned["balance"]) == (5, 0, 5)
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.2", "E4")
@pytest.mark.parametrize("edit", ["UPDATE grants SET quantity = 4", "UPDATE grants SET state = 'released'"])
def test_a_grant_and_what_is_locked_for_it_that_differ_are_named(site: World, edit: str) -> None:
    """`ledger verify` compares what is locked with the grants that are active."""
    device = grown(site, "1")
    grant = device.state.grants.popitem()[0]
    sound = site.central("ledger", "verify")["ok"]
    site.sql("central", edit)
    found = site.central("ledger", "verify", code=1)

    assert sound
    assert "1 rows differ: grants" in found["error"]["message"]
    assert f"/{grant}: " in found["error"]["message"]


@pytest.mark.row("C11.2", "S2.6")
def test_a_forgotten_grant_of_a_licence_that_the_copy_lacks_keeps_no_file_out(site: World) -> None:
    """A copy from before the catalogue knew the licence: the site synchronizes, and the grant is taken once it is known."""
    catalogue = "kind,tag,name,restricted\nentitlement,LATER,Later,yes\n"
    order = "virtual_account,tag,quantity,order_number,order_line\nSite,LATER,1,O-2,1\n"
    copy_home(site, "central", "old")
    site.central("catalogue", "import", site.file("later.csv", catalogue))
    site.central("order", "import", ACCOUNT, site.file("later-order.csv", order))
    device = site.device("SN1")
    device.request_export("LATER", 1)
    site.synchronize("1")
    device.renew_authorization()
    site.synchronize("2")
    restore_older(site, "central", "old")
    site.central("satellite", "list", ACCOUNT)
    authorize(site, "again")
    site.synchronize("3")
    row = site.licence("LATER")

    assert device.may_use("LATER").allowed
    assert (row["purchased"], row["in_use"], row["balance"]) == (0, 1, -1)
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.2", "C8.2")
@pytest.mark.parametrize("copied", ["before it was granted", "before it was renewed"])
def test_a_grant_that_central_forgot_is_held_and_renewed_as_long_as_its_device_uses_it(
    site: World, copied: str
) -> None:
    """The copy lacks the grant, or its renewal: after the full request the unit stays in use, and renewals go on."""
    site.central("policy", "set", "grant_days", "60")
    if copied == "before it was granted":
        copy_home(site, "central", "old")
    device = grown(site, "1")
    if copied == "before it was renewed":
        site.synchronize("installed")
        copy_home(site, "central", "old")
    site.advance("40d", device)
    site.synchronize("renewed")
    device.renew_authorization()
    site.synchronize("reported")
    restore_older(site, "central", "old")
    site.advance("25d", device)
    site.central("jobs", "run", "terms")
    authorize(site, "again")
    site.synchronize("again")
    device.renew_authorization()
    held = site.licence("STRONG")["in_use"]
    site.synchronize("more")
    site.advance("20d", device)
    site.synchronize("later")
    device.renew_authorization()

    assert held == 1
    assert max(grant.generation for grant in device.state.grants.values()) >= 3
    assert device.may_use("STRONG").allowed
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.2")
def test_epochs_never_repeat_although_central_was_restored_twice_from_the_same_copy(site: World) -> None:
    """Each restore opens higher epochs than every one before, so the site takes each new authorization."""
    copy_home(site, "central", "old")
    epochs = []
    for mark in ("a", "b"):
        site.device(f"SN-{mark}").use("ADVANTAGE", 1)
        if mark == "a":
            site.synchronize("first")
        restore_older(site, "central", "old")
        authorize(site, mark)
        made, _, _ = site.synchronize(f"after-{mark}")
        epochs.append(made["epoch"])

    assert 1 < epochs[0] < epochs[1]
    assert site.licence("ADVANTAGE")["in_use"] == 2


@pytest.mark.row("S2.6", "B8")
def test_a_backup_under_load_is_one_committed_state_and_restores_elsewhere(site: World) -> None:
    """Made while devices register; restored in another folder it is sound, holds, and comes back by resync."""
    number, passphrase = seed(), site.file("pass", SECRET)
    with serving(site.folder / "satellite") as server:
        load = Load(site.token(), server.port, number, threads=2)
        load.begin()
        load.wait_for(5)
        before = {device.serial for device in load.devices}
        site.satellite("backup", "create", "--output", site.file("b"), "--passphrase-file", passphrase)
        load.wait_for(3)
        running = site.satellite("restore", site.file("b"), "--passphrase-file", passphrase, "--replace", code=1)
        load.end()
    site.satellite("restore", site.file("b"), "--passphrase-file", passphrase, home="satellite-new")
    serials = {row["serial"] for row in site.satellite("instances", home="satellite-new")["items"]}
    cause = site.satellite("sync", "doctor", code=1, home="satellite-new")["cause"]["code"]
    resync(site, "moved", "satellite-new")
    site.satellite("sync", "export", "--output", site.file("q"), home="satellite-new")
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    site.satellite("sync", "import", site.file("r"), home="satellite-new")
    site.satellite("sync", "export", "--output", site.file("late"))
    old = site.central("sync", "import", site.file("late"), "--output", site.file("x"), code=1)["error"]["code"]

    assert running["error"]["code"] == "server_running"
    assert before <= serials <= {device.serial for device in load.devices} | serials
    assert cause == "site_restored"
    assert old == "resync_required"
    assert {row["serial"] for row in site.central("instances", ACCOUNT)["items"]} == serials


@pytest.mark.row("B8")
def test_a_backup_holds_what_was_committed_a_moment_ago(site: World) -> None:
    """What is in the log of the database and not yet in its file is in the backup, too."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 2)
    words = ("--passphrase-file", site.file("pass", SECRET))
    site.satellite("backup", "create", "--output", site.file("b"), *words)
    site.satellite("restore", site.file("b"), *words, home="satellite-new")
    there = site.satellite("instances", home="satellite-new")["items"]

    assert [(row["serial"], row["licences"][0]["count"]) for row in there] == [("SN1", 2)]


@pytest.mark.row("B8")
def test_a_bad_backup_is_refused_before_anything_is_overwritten(site: World) -> None:
    """Each flipped or missing byte, a wrong passphrase, another product and a newer form have their own refusal."""
    good_pass, bad_pass = site.file("pass", SECRET), site.file("pass2", SECRET + "x")
    site.satellite("backup", "create", "--output", site.file("b"), "--passphrase-file", good_pass)
    site.central("backup", "create", "--output", site.file("c"), "--passphrase-file", good_pass)
    data = Path(site.file("b")).read_bytes()
    line = data.index(b"\n")
    bad = {
        f"flip-{at}": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        for at in (0, 20, line - 3, line + 1, len(data) // 2, len(data) - 1)
    }
    bad |= {"cut": data[:-1], "half": data[: len(data) // 2], "empty": b"", "junk": data + b"x"}
    bad["newer"] = data.replace(b'"format": 1', b'"format": 9', 1)
    before = _digest(site.folder / "satellite")
    codes = {}
    for name, content in bad.items():
        words = ("restore", site.file(name, content), "--passphrase-file", good_pass, "--replace")
        codes[name] = site.satellite(*words, code=1)["error"]["code"]
    codes["wrong"] = site.satellite("restore", site.file("b"), "--passphrase-file", bad_pass, "--replace", code=1)[
        "error"
    ]["code"]
    codes["other"] = site.satellite("restore", site.file("c"), "--passphrase-file", good_pass, "--replace", code=1)[
        "error"
    ]["code"]
    codes["nothing"] = site.satellite("restore", site.file("b"), "--replace", code=1)["error"]["code"]
    codes["in use"] = site.satellite("restore", site.file("b"), "--passphrase-file", good_pass, code=1)["error"]["code"]

    (site.folder / "satellite" / ".backup-0123456789ab").mkdir()
    assert site.satellite("backup", "verify", site.file("b"), "--passphrase-file", good_pass)["sound"]
    assert not list((site.folder / "satellite").glob(".backup-*")), "what a killed backup left is still there"
    assert codes.pop("wrong") == "backup_locked"
    assert codes.pop("other") == "backup_of_other_product"
    assert codes.pop("nothing") == "passphrase_needed"
    assert codes.pop("in use") == "home_already_initialised"
    assert codes.pop("newer") == "backup_too_new"
    assert codes.pop("flip-0") == codes.pop("empty") == "not_a_backup"
    assert set(codes.values()) <= {"backup_damaged", "backup_locked"}
    assert _digest(site.folder / "satellite") == before
    assert site.satellite("backup", "verify", site.file("b"), "--passphrase-file", good_pass)["sound"]


def _digest(home: Path) -> str:
    with sqlite3.connect(home / "satellite.db") as connection:
        dump = "\n".join(connection.iterdump())
    return dump + str(sorted(path.name for path in (home / "keys").iterdir()))


@pytest.mark.row("B8")
def test_nothing_in_a_backup_can_be_read(site: World) -> None:
    """Neither keys nor tokens nor names of devices are in the file, on either side; a made passphrase opens it."""
    site.device("SECRET-SERIAL-1")
    token = site.token()
    for run, home in ((site.satellite, "satellite"), (site.central, "central")):
        made = run("backup", "create", "--output", site.file(f"b-{home}"))
        data = Path(site.file(f"b-{home}")).read_bytes()
        for secret in (b"PRIVATE KEY", b"SECRET-SERIAL-1", token.encode(), b"SQLite format", b"customer.example"):
            assert secret not in data
        assert Path(site.file(f"b-{home}")).stat().st_mode & 0o077 == 0
        assert run("backup", "verify", site.file(f"b-{home}"), "--passphrase-file", site.file("p", made["passphrase"]))[
            "sound"
        ]


@pytest.mark.row("S2.6", "B8")
def test_a_restore_that_dies_half_way_is_finished_by_the_next_command(site: World) -> None:
    """Whichever file was the last to be moved, the home is the restored one whole, marked as restored, the old one kept."""
    passphrase = site.file("pass", SECRET)
    site.satellite("backup", "create", "--output", site.file("b"), "--passphrase-file", passphrase)
    for name in ("keys", "satellite.db", "lab-clock.json"):
        site.close()
        site.device(f"SN-{name}")
        site.close()
        words = ("restore", site.file("b"), "--passphrase-file", passphrase, "--replace")
        assert dies_at(f"restore_moved:{name}", lambda words=words: site.satellite(*words))  # type: ignore[misc]
        assert site.satellite("instances")["items"] == []
        assert site.satellite("status")["restored"]
        resync(site, f"after-{name}")
    assert len(list((site.folder / "satellite").glob("replaced-*/satellite.db"))) == 3
    assert not (site.folder / "satellite" / ".restore-ready").exists()


@pytest.mark.row("S4.1")
def test_a_database_replaced_under_a_running_server_gets_what_comes_after(site: World) -> None:
    """The server lets go of the file that is gone, so that no answer is kept in a file that no one will read."""
    copy_home(site, "satellite", "old")
    site.synchronize("1")
    device = site.device("SN1")
    wire = site.wire()
    for name in ("satellite.db", "satellite.db-wal", "satellite.db-shm"):
        (site.folder / "satellite" / name).unlink(missing_ok=True)
    with sqlite3.connect(site.folder / "old" / "satellite.db") as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(site.folder / "old" / "satellite.db", site.folder / "satellite" / "satellite.db")
    with pytest.raises(ServerRefusedError):
        device.use("ADVANTAGE", 1)

    assert wire is site.wire()
    assert site.satellite("status")["restored"]
    assert site.satellite("instances")["items"] == []


@pytest.mark.both_databases
@pytest.mark.row("B8")
def test_a_database_behind_a_server_is_left_to_its_own_tools(site: World) -> None:
    """The command says whether the database is in the backup, and a backup without it brings keys and settings back."""
    made = site.satellite("backup", "create", "--output", site.file("b"), "--passphrase-file", site.file("p", SECRET))
    keys = {path.name: path.read_bytes() for path in (site.folder / "satellite" / "keys").iterdir()}
    embedded = (site.folder / "satellite" / "satellite.db").exists()
    for name in keys:
        (site.folder / "satellite" / "keys" / name).unlink()
    site.satellite("restore", site.file("b"), "--passphrase-file", site.file("p"), "--replace")
    resync(site, "heal")
    site.synchronize("2")

    assert made["database"] == ("embedded" if embedded else "left_out")
    assert ("satellite.db" in made["files"]) == embedded
    assert bool(made["note"]) != embedded
    assert (
        keys.items()
        <= {path.name: path.read_bytes() for path in (site.folder / "satellite" / "keys").iterdir()}.items()
    )


@pytest.mark.row("B8")
def test_pieces_of_a_backup_cannot_be_cut_off_swapped_or_dropped() -> None:
    """Each piece says where it stands and whether it is the last; a cut between two pieces is not a shorter backup."""
    header, out = new_header("satellite", "1", "now", b"secret"), io.BytesIO()
    write_pieces(out, header, b"secret", iter([b"a" * PIECE, b"b" * PIECE, b"c" * 10]))
    data, start, size = out.getvalue(), len(header.line()), PIECE + 16
    one, two, three = (data[start + at * size : start + (at + 1) * size] for at in range(3))

    def read(body: bytes) -> bytes:
        return b"".join(read_pieces(io.BytesIO(body), header, b"secret"))

    assert read(one + two + three) == b"a" * PIECE + b"b" * PIECE + b"c" * 10
    for bad in (one + two, one, one + three, two + one + three, one + two + three + three):
        with pytest.raises(BackupDamagedError):
            read(bad)
