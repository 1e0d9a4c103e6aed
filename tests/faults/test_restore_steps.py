"""The steps around a restore at which a process dies or meets another one: none leaves a home held, broken or too free."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from central.anchor import Anchor as CentralAnchor
from central.anchor import Reached as CentralReached
from central.runtime import assemble, recover_if_restored
from central.sync.restored_central import FLOOR_STEP
from satellite.sync.anchor import Anchor as SatelliteAnchor
from satellite.sync.anchor import Reached as SatelliteReached
from serverkit.backup.container import new_header, write_pieces
from tests.faults.harness import dies_at
from tests.faults.test_restore import SECRET, behind, damaged_anchor, no_anchor
from tests.world import ACCOUNT, World


def reauthorized(world: World) -> None:
    """Have central open a new epoch; its authorization waits in `auth`."""
    world.satellite("registration", "export", "--output", world.file("reg"))
    world.central("satellite", "resync", ACCOUNT, "North", "--registration", world.file("reg"))
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file("auth"))


@pytest.mark.row("S1.2", "S2.6")
@pytest.mark.parametrize("fault", [behind, no_anchor, damaged_anchor])
@pytest.mark.parametrize("then", ["job", "import"])
def test_a_restored_site_is_free_in_its_new_epoch_although_power_failed_in_between(
    site: World, fault: Callable[[World], None], then: str
) -> None:
    """Dying between the commit and the new anchor keeps no one held, whatever runs next."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.synchronize("1")
    fault(site)
    reauthorized(site)
    died = dies_at("after_commit", lambda: site.satellite("registration", "import", site.file("auth")))
    if then == "job":
        site.satellite("jobs", "run", "anchor")
    else:
        assert site.satellite("registration", "import", site.file("auth"))["outcome"] == "already_applied"
    device.use("ADVANTAGE", 2)
    site.satellite("jobs", "run", "anchor")

    assert died
    assert not site.satellite("status")["restored"]
    assert '"epoch": 2' in (site.folder / "satellite" / "anchor" / "anchor.json").read_text()


@pytest.mark.row("S2.6")
def test_the_authorization_of_the_present_epoch_frees_no_copy(site: World) -> None:
    """Who puts a site back, or deletes its anchor, is not helped by importing the old authorization again."""
    shutil.copytree(site.folder / "satellite", site.folder / "old")
    no_anchor(site)
    again = site.satellite("registration", "import", site.file("authorization"))["outcome"]

    assert again == "already_applied"
    assert site.satellite("status")["restored"]


class SatelliteRival(SatelliteAnchor):
    """An anchor that is overtaken by a higher number right before it saves."""

    rival: Callable[[], None] | None = None

    def save(self, reached: SatelliteReached) -> None:
        overtake(self.rival)
        super().save(reached)


class CentralRival(CentralAnchor):
    """The same at central."""

    rival: Callable[[], None] | None = None

    def save(self, reached: CentralReached) -> None:
        overtake(self.rival)
        super().save(reached)


RIVALS: list[threading.Thread] = []


def overtake(rival: Callable[[], None] | None) -> None:
    """Let the rival go first as far as it gets: it ends at once unless a lock keeps it waiting."""
    if rival is not None:
        RIVALS.append(threading.Thread(target=rival))
        RIVALS[-1].start()
        RIVALS[-1].join(0.5)


def settle() -> None:
    """Let rivals that waited come to their end."""
    while RIVALS:
        RIVALS.pop().join()


@pytest.mark.row("S2.6")
def test_the_anchor_of_a_satellite_never_falls_when_processes_raise_it_at_once(tmp_path: Path) -> None:
    """A lower number, or the mark of a restore, that was read before does not overwrite a higher one."""
    slow, fast = SatelliteRival(tmp_path), SatelliteAnchor(tmp_path)
    fast.reset(1)
    slow.rival = lambda: fast.write(1, 9, 9, 9)
    slow.write(1, 5, 5, 5)
    settle()
    raised = fast.read()
    slow.rival = lambda: fast.write(1, 20, 9, 9)
    slow.mark_restored(1)
    settle()

    assert raised == SatelliteReached(1, 9, 9, 9)
    assert fast.read() == SatelliteReached(1, 20, 9, 9, restored=True)


@pytest.mark.row("S2.6")
def test_an_anchor_that_is_missing_is_not_made_by_raising_it(tmp_path: Path) -> None:
    """Only who sets a satellite up, or enters a new epoch, makes one: else a copy without it would look sound."""
    anchor = SatelliteAnchor(tmp_path)
    anchor.write(1, 2, 3, 4)
    missing = anchor.read()
    anchor.reset(2)
    anchor.write(2, 1, 0, 5)

    assert missing is None
    assert anchor.read() == SatelliteReached(2, 1, 0, 5)


@pytest.mark.row("C11.2")
def test_the_anchor_of_central_never_falls_when_processes_raise_it_at_once(tmp_path: Path) -> None:
    """Neither answers that were counted nor the mark of a restore are overwritten by what was read before."""
    slow, fast = CentralRival(tmp_path), CentralAnchor(tmp_path)
    slow.rival = lambda: fast.write(CentralReached(9))
    slow.write(CentralReached(5))
    settle()
    raised = fast.read()
    slow.rival = fast.mark_restored
    slow.write(CentralReached(12))
    settle()

    assert raised == CentralReached(9)
    assert fast.read() == CentralReached(12, restored=True)


def backed_up(world: World, run: Callable[..., dict[str, object]], name: str = "b") -> tuple[str, ...]:
    """Make a backup; the words of the command that restores it over what is there."""
    secret = world.file("pass", SECRET)
    run("backup", "create", "--output", world.file(name), "--passphrase-file", secret)
    return ("restore", world.file(name), "--passphrase-file", secret, "--replace")


@pytest.mark.row("B8", "S2.6")
@pytest.mark.parametrize("home", ["satellite", "central"])
def test_a_restore_that_dies_at_its_very_end_leaves_a_home_that_opens(site: World, home: str) -> None:
    """When all was moved and noted, what is left of the restore is only removed."""
    run = site.satellite if home == "satellite" else site.central
    words = backed_up(site, run)
    died = dies_at("restore_noted", lambda: run(*words))
    status = site.satellite("status") if home == "satellite" else site.central("satellite", "list", ACCOUNT)["items"][0]

    assert died
    assert status["restored" if home == "satellite" else "recovering"]
    assert not (site.folder / home / ".restore-ready").exists()


@pytest.mark.row("B8", "S2.6", "C11.2")
@pytest.mark.parametrize("home", ["satellite", "central"])
@pytest.mark.parametrize("point", ["restore_moved:keys", "restore_moved:lab-clock.json", "restore_noted"])
def test_a_restore_over_one_that_died_finishes_that_one_first(site: World, home: str, point: str) -> None:
    """No one has to open the home between: the second backup counts, and what was there each time is kept."""
    run = site.satellite if home == "satellite" else site.central
    first = backed_up(site, run, "first")
    site.device("SN1", home, site.token(home, pool="Site" if home == "satellite" else "Spare"))
    second = backed_up(site, run, "second")
    site.close()
    died = dies_at(point, lambda: run(*first))
    plain = run(*second[:-1], code=1)["error"]["code"]
    done = run(*second)
    there = run("instances", *(() if home == "satellite" else (ACCOUNT,)))["items"]
    status = site.satellite("status") if home == "satellite" else site.central("satellite", "list", ACCOUNT)["items"][0]

    assert died
    assert plain == "home_already_initialised"
    assert done["restored"]
    assert [row["serial"] for row in there] == ["SN1"]
    assert status["restored" if home == "satellite" else "recovering"]
    assert len(list((site.folder / home).glob(f"replaced-*/{home}.db"))) == 2
    assert not (site.folder / home / ".restore-ready").exists()


@pytest.mark.row("B8", "S2.6")
def test_a_bad_backup_leaves_a_restore_that_died_to_be_finished(site: World) -> None:
    """What cannot be read is refused before the waiting restore is touched; the next command finishes that one."""
    words = backed_up(site, site.satellite)
    site.device("SN1")
    site.close()
    died = dies_at("restore_moved:keys", lambda: site.satellite(*words))
    bad = site.file("bad", Path(site.file("b")).read_bytes()[:-1])
    refused = site.satellite("restore", bad, *words[2:], code=1)["error"]["code"]
    waits = (site.folder / "satellite" / ".restore-ready").exists()

    assert died
    assert refused == "backup_damaged"
    assert waits
    assert site.satellite("instances")["items"] == []
    assert site.satellite("status")["restored"]


@pytest.mark.row("B8", "S2.6", "C11.2")
@pytest.mark.parametrize("home", ["satellite", "central"])
def test_a_restored_home_is_opened_by_the_settings_that_were_restored(site: World, home: str) -> None:
    """The mark of the restore goes to the anchor that the restored settings name, not to the one of before."""
    run = site.satellite if home == "satellite" else site.central
    folders = [site.folder / "anchors-of-the-backup", site.folder / "anchors-of-today"]
    for folder in folders:
        shutil.copytree(site.folder / home / "anchor", folder)
    settings = site.folder / home / "config.toml"
    settings.write_text(f'[anchor]\nfolder = "{folders[0]}"\n')
    words = backed_up(site, run)
    settings.write_text(f'[anchor]\nfolder = "{folders[1]}"\n')
    untouched = (folders[1] / "anchor.json").read_text()
    run(*words)
    marked = json.loads((folders[0] / "anchor.json").read_text())

    assert marked["restored"] if home == "satellite" else marked["epoch_floor"] == FLOOR_STEP
    assert (folders[1] / "anchor.json").read_text() == untouched
    if home == "satellite":
        assert site.satellite("status")["restored"]


class MetAnchor(CentralAnchor):
    """Central's anchor in a process that meets another one, after it first looked or before it notes what it did."""

    looked: Callable[[], None] | None = None
    clearing: Callable[[], None] | None = None

    def read(self) -> CentralReached | None:
        known = super().read()
        if self.looked is not None:
            rival, self.looked = self.looked, None
            rival()
        return known

    def clear(self, reached: CentralReached) -> None:
        overtake(self.clearing)
        super().clear(reached)


@pytest.mark.row("C11.2")
@pytest.mark.parametrize("moment", ["looked", "clearing"])
def test_processes_that_open_a_restored_central_at_once_open_one_new_epoch(site: World, moment: str) -> None:
    """Who comes second, at whichever step, finds that the restore has been dealt with."""
    site.close()
    one, two = (assemble(site.folder / "central") for _ in range(2))
    two.anchor.mark_restored()
    met = MetAnchor(site.folder / "central" / "anchor")
    found: list[bool] = []
    setattr(met, moment, lambda: found.append(recover_if_restored(two)))
    found.append(recover_if_restored(replace(one, anchor=met)))
    settle()
    kept = two.anchor.read()
    for made in (one, two):
        made.database.dispose()

    assert sorted(found) == [False, True]
    assert kept is not None
    assert (kept.epoch_floor, kept.restored) == (FLOOR_STEP, False)


@pytest.mark.row("B8", "S2.6")
@pytest.mark.parametrize("name", ["anchor/anchor.json", "write.lock", "central.db", "keys"])
def test_a_backup_brings_nothing_but_database_keys_certificate_and_settings(site: World, name: str) -> None:
    """A backup that names any other file, such as an anchor that would hide the restore, is refused whole."""
    data, header = b"{}", new_header("satellite", "1", "now", SECRET.encode())
    listed = [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}]
    manifest = json.dumps({"facts": {"database": "left_out"}, "files": listed}).encode()
    with Path(site.file("b")).open("wb") as out:
        write_pieces(out, header, SECRET.encode(), iter([len(manifest).to_bytes(8, "big") + manifest + data]))
    before = sorted(path.name for path in (site.folder / "satellite").rglob("*"))
    words = (site.file("b"), "--passphrase-file", site.file("pass", SECRET))
    codes = {
        site.satellite("backup", "verify", *words, code=1)["error"]["code"],
        site.satellite("restore", *words, "--replace", code=1)["error"]["code"],
    }

    assert codes == {"backup_damaged"}
    assert set(before) >= {path.name for path in (site.folder / "satellite").rglob("*")} - {"server.lock"}
    assert not site.satellite("status")["restored"]


@pytest.mark.row("B8")
@pytest.mark.parametrize("fault", ["another digest", "something more", "no database"])
def test_a_backup_whose_list_is_wrong_is_refused_whole(site: World, fault: str) -> None:
    """Sealed by the right passphrase, it still has to be what its list says, no more, and hold a database that opens."""
    name, data = (
        ("satellite.db", b"SQLite format 3\0" + b"x" * 4096) if fault == "no database" else ("config.toml", b"")
    )
    digest = hashlib.sha256(b"other" if fault == "another digest" else data).hexdigest()
    facts = {"database": "embedded" if fault == "no database" else "left_out"}
    listed = [{"name": name, "size": len(data), "sha256": digest}]
    manifest = json.dumps({"facts": facts, "files": listed}).encode()
    content = len(manifest).to_bytes(8, "big") + manifest + data + (b"more" if fault == "something more" else b"")
    header = new_header("satellite", "1", "now", SECRET.encode())
    with Path(site.file("b")).open("wb") as out:
        write_pieces(out, header, SECRET.encode(), iter([content]))
    words = (site.file("b"), "--passphrase-file", site.file("pass", SECRET))
    codes = {
        site.satellite("backup", "verify", *words, code=1)["error"]["code"],
        site.satellite("restore", *words, "--replace", code=1)["error"]["code"],
    }

    assert codes == {"backup_damaged"}
    assert not site.satellite("status")["restored"]
