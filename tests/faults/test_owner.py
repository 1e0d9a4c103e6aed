"""One owner of a home: what the administrator runs as root never takes a file from the server's user."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import agent.cli
from central.runtime import open_central
from satellite.runtime import open_satellite
from satellite.sync.doctor import examine
from serverkit import log
from serverkit.actor import SYSTEM
from serverkit.devices.health import home_check
from tests.world import World

NOBODY = 65534
STRANGER = 65533
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files are given to another user by root only")


@pytest.fixture
def shared() -> Iterator[World]:
    """A vendor and a site in a folder that every user can reach, each home given to the user `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="perigee-owner-"))
    folder.chmod(0o755)
    world = World(folder)
    for home in ("central", "satellite"):
        (folder / home).mkdir(mode=0o700)
        os.chown(folder / home, NOBODY, NOBODY)
    world.found_central()
    world.found_satellite()
    yield world
    world.close()
    shutil.rmtree(folder)


def foreign(home: Path) -> list[str]:
    """What in a home does not belong to its owner."""
    owner = home.stat().st_uid
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.lstat().st_uid != owner]


def as_user(uid: int, work: Callable[[], Any]) -> Any:
    """Do something as another user, in a process of its own; returns what it returns."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(write, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        found = answer.read()
    os.waitpid(pid, 0)
    return json.loads(found)


@pytest.mark.row("B8")
def test_commands_that_root_runs_leave_every_file_to_the_owner_of_the_home(shared: World) -> None:
    """Database, journals, locks, anchor, keys, TLS and backups stay the server's; it goes on as before."""
    homes = {name: shared.folder / name for name in ("central", "satellite")}
    assert {name: foreign(home) for name, home in homes.items()} == {"central": [], "satellite": []}
    shared.synchronize()
    passphrase = shared.file("passphrase", "a long passphrase")
    for name, run in (("central", shared.central), ("satellite", shared.satellite)):
        backup = str(homes[name] / "backup.perigee")
        run("backup", "create", "--output", backup, "--passphrase-file", passphrase)
        run("backup", "verify", backup, "--passphrase-file", passphrase)
        run("restore", backup, "--passphrase-file", passphrase, "--replace")
        run("jobs", "run", "clock" if name == "satellite" else run("jobs", "list")["items"][0]["name"])
        assert foreign(homes[name]) == []
    shared.central("root", "rotate", "--root-keys", shared.file("root-keys"))
    shared.satellite("sync", "doctor", code=1)
    made = open_satellite(homes["satellite"])
    held = made.database.engine.connect()  # keeps the journals there to be looked at
    shared.satellite("token", "create", "--virtual-account", "Site", "--days", "3")
    journals = {path.name for path in homes["satellite"].glob("satellite.db-*")}
    held.close()
    made.database.dispose()

    assert journals == {"satellite.db-shm", "satellite.db-wal"}
    assert {name: foreign(home) for name, home in homes.items()} == {"central": [], "satellite": []}
    assert as_user(NOBODY, lambda: shared.satellite("status"))["restored"] is True  # the restore above, and it is said
    assert as_user(NOBODY, lambda: shared.central("account", "list"))["items"]


@pytest.mark.row("B8")
def test_a_command_of_another_user_is_refused_and_changes_nothing(shared: World) -> None:
    """Neither server's commands run as a user who does not own the home, and what they say names both."""
    for name, run in (("central", shared.central), ("satellite", shared.satellite)):
        (shared.folder / name).chmod(0o755)
        before = sorted((path, path.stat().st_mtime_ns) for path in (shared.folder / name).rglob("*"))
        for words in (("backup", "verify", "x"), ("jobs", "list"), ("upgrade",)):
            error = as_user(STRANGER, lambda words=words, run=run: run(*words, code=1))["error"]
            assert error["code"] == "wrong_owner", words
            assert f"user {NOBODY}" in error["message"]
            assert f"user {STRANGER}" in error["message"]
        assert sorted((path, path.stat().st_mtime_ns) for path in (shared.folder / name).rglob("*")) == before


@pytest.mark.row("B8", "S2.6")
def test_what_cannot_be_read_is_never_taken_for_restored(shared: World) -> None:
    """A part that was given to another user is named by commands, by readiness and by the doctor; no epoch begins."""
    shared.synchronize()
    epoch = shared.satellite("status")["epoch"]

    def seen() -> list[str]:
        codes = [shared.central("account", "list", code=1)["error"]["code"]]
        codes.append(shared.satellite("status", code=1)["error"]["code"])
        codes.append(shared.satellite("sync", "doctor", code=1)["cause"]["code"])
        return [*codes, *(home_check(shared.folder / name).detail for name in ("central", "satellite"))]

    for part in ("anchor/anchor.json", "anchor", "write.lock", "keys"):
        for name in ("central", "satellite"):
            os.chown(shared.folder / name / part, STRANGER, STRANGER)
        said = as_user(NOBODY, seen)
        assert said[:3] == ["wrong_owner"] * 3, part
        assert all(text.startswith("wrong_owner: ") and part in text for text in said[3:]), said
        # Root reads it all, and nothing claims a restore.
        assert shared.satellite("status")["restored"] is False
        for name in ("central", "satellite"):
            os.chown(shared.folder / name / part, NOBODY, NOBODY)
    assert as_user(NOBODY, lambda: [home_check(shared.folder / name).ok for name in ("central", "satellite")]) == [
        True,
        True,
    ]
    assert shared.synchronize("after")[2]["epoch"] == epoch


@pytest.mark.row("S2.6")
def test_an_anchor_that_a_running_server_cannot_read_means_no_restore(shared: World) -> None:
    """The server says that the anchor is unreadable; it opens no epoch and calls nothing restored."""

    def look() -> list[str]:
        satellite, central = open_satellite(shared.folder / "satellite"), open_central(shared.folder / "central")
        said = []
        (shared.folder / "satellite" / "anchor").chmod(0)
        (shared.folder / "central" / "anchor").chmod(0)
        with satellite.database.read(SYSTEM) as unit:
            try:
                said.append(str(satellite.is_restored(unit)))
            except Exception as error:  # noqa: BLE001 - what comes is the claim
                said.append(getattr(error, "code", type(error).__name__))
        try:
            central.anchor.read()
        except Exception as error:  # noqa: BLE001 - what comes is the claim
            said.append(getattr(error, "code", type(error).__name__))
        return said

    def ask_the_doctor() -> str:
        made = open_satellite(shared.folder / "satellite")
        return str(examine(made, SYSTEM)["cause"]["code"])

    assert as_user(NOBODY, look) == ["anchor_unreadable", "anchor_unreadable"]
    assert as_user(NOBODY, ask_the_doctor) == "anchor_unreadable"


@pytest.mark.row("D3", "B8")
def test_a_devices_folder_keeps_its_owner_too(shared: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What root runs on a product leaves its files to the product's user; a stranger is refused."""
    folder = shared.folder / "device"
    folder.mkdir(mode=0o755)
    os.chown(folder, NOBODY, NOBODY)

    def run(*words: str) -> dict[str, Any]:
        with pytest.raises(SystemExit):
            agent.cli.main(["--home", str(folder), "--json", *words])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    request = run("reserve", "request", "--root", shared.file("root.json"), "--pid", "P", "--serial", "S")
    assert request["request_code"]
    run("clock", "advance", "1d")
    assert {path.name for path in folder.iterdir()} >= {"device.json", ".lock", "clock.json"}
    assert foreign(folder) == []

    said = as_user(STRANGER, lambda: run("status"))
    assert said["error"]["code"] == "wrong_owner"
    os.chown(folder / "device.json", STRANGER, STRANGER)
    assert as_user(NOBODY, lambda: run("status"))["error"]["code"] == "wrong_owner"


@pytest.mark.row("B8")
def test_the_log_of_a_server_that_root_started_stays_with_the_owner_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the server's own user could write no line of it later, and no one would notice."""
    os.chown(tmp_path, NOBODY, NOBODY)
    monkeypatch.setattr(log, "_folder", [])
    log.keep_log(tmp_path)
    log.get_logger().warning("root_was_here")
    kept = tmp_path / log.LOGS / log.LOG_FILES[1]
    assert "root_was_here" in kept.read_text()
    assert foreign(tmp_path) == []
