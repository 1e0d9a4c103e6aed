"""Backups that a satellite makes itself: verified, counted, on time, and never with their passphrase in sight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satellite.actions import tasks
from satellite.actions.alerts import dismiss_alert
from satellite.actions.backups import ACTS
from satellite.actions.event_log import list_events
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.alerts.models import Alert
from satellite.core.operations.models import Task
from satellite.core.settings.models import StoredSetting
from satellite.core.site.queries import site_of
from satellite.runtime import BACKUPS, Satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.backup.container import passphrase_bytes
from serverkit.backup.errors import (
    BackupDamagedError,
    BackupLockedError,
    NoPassphraseError,
    PassphraseShortError,
    UnknownBackupError,
)
from serverkit.backup.service import verify_backup
from serverkit.clock import optional_iso
from serverkit.errors import AppError, InvalidInputError
from serverkit.tasks.errors import TaskRunningError
from tests.unit.satellite.factories import id_of, person, server_of

SECRET = "correct horse battery staple"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite with a passphrase for its backups."""
    made = server_of(tmp_path / "home")
    with made.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(made, unit, SECRET)
    yield made
    made.database.dispose()


def items(server: Satellite) -> list[dict[str, Any]]:
    """The backups that are listed."""
    with server.database.read(OPERATOR) as unit:
        return list(ACTS.show(server, unit)["items"])


def raised(server: Satellite, kind: str) -> None:
    """A kind of alert is open."""
    assert kind in _open(server)


def cleared(server: Satellite, kind: str) -> None:
    """None of a kind is open."""
    assert kind not in _open(server)


def _open(server: Satellite) -> set[str]:
    with server.database.read(OPERATOR) as unit:
        return set(unit.session.scalars(select(Alert.kind).where(Alert.state == "open")))


@pytest.mark.row("S3.4")
def test_a_task_makes_a_backup_that_a_restore_takes(server: Satellite) -> None:
    """It is verified, listed, an event, and opens with the passphrase that was set; a second task waits for the first."""
    with server.database.write(OPERATOR) as unit:
        task = ACTS.start_make(unit)
        with pytest.raises(TaskRunningError):
            ACTS.start_make(unit)
    assert tasks.run_next_task(server) == task
    with server.database.read(OPERATOR) as unit:
        shown = tasks.show_task(server, unit, task)
        kinds = [one["kind"] for one in list_events(unit)]
        kept = unit.session.get(StoredSetting, "backup")
        raw = json.dumps(kept.content) + kept.secret if kept is not None else ""
    [one] = items(server)

    assert (shown["state"], [line["text"] for line in shown["log"]]) == ("done", ["write", "verify", "tidy"])
    assert (one["state"], one["name"]) == ("verified", shown["result"]["name"])
    assert kinds.count("backup:made") == 1
    assert verify_backup(BACKUPS, server.home / "backups" / one["name"], SECRET.encode(), server.home)["files"]
    assert SECRET not in raw + json.dumps(shown)


@pytest.mark.row("S3.4")
def test_what_is_damaged_later_is_told_and_a_wrong_passphrase_is_not_taken_for_damage(server: Satellite) -> None:
    """A changed file is no longer verified; verifying it says damaged; another passphrase says only that."""
    name = str(ACTS.make(server, OPERATOR, lambda _stage: None)["name"])
    file = server.home / "backups" / name
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert items(server)[0]["state"] == "not_verified"
    with pytest.raises(BackupDamagedError):
        ACTS.verify(server, OPERATOR, name)
    assert items(server)[0]["state"] == "damaged"
    with server.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(server, unit, "another passphrase")
    name = str(ACTS.make(server, OPERATOR, lambda _stage: None)["name"])
    with server.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(server, unit, SECRET)
    with pytest.raises(BackupLockedError):
        ACTS.verify(server, OPERATOR, name)
    assert {one["name"]: one["state"] for one in items(server)}[name] == "verified"
    file.write_bytes(b"nothing")
    assert "unreadable" in {one["state"] for one in items(server)}


@pytest.mark.row("S3.4")
def test_the_oldest_go_and_the_newest_verified_one_never(server: Satellite, tmp_path: Path) -> None:
    """As many as were set are kept; files of other names are no one's business."""
    folder = server.home / "backups"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="ascii")
    with server.database.read(OPERATOR) as unit:
        shelf = ACTS.shelf(server, unit)
    now = server.clock.now()
    for day in range(4):
        name = shelf.make(server.home, server.database.engine, SECRET.encode(), now - timedelta(days=day))
        if day == 3:
            shelf.verify(name, SECRET.encode(), tmp_path / "scratch", now)
    assert len(shelf.tidy(2)) == 1
    assert [one.good for one in shelf.items()] == [False, False, True]
    assert (folder / "notes.txt").exists()


@pytest.mark.row("S3.4")
def test_a_backup_is_asked_for_when_the_schedule_says_so_and_alerts_tell_of_age_and_failure(server: Satellite) -> None:
    """Not before its time, not twice, sooner after a failure; a verified backup clears both alerts."""
    with server.database.write(OPERATOR) as unit:
        ACTS.change_plan(server, unit, {"every": "daily", "at": "02:00", "zone": "UTC"})
        began = unit.now
    with server.database.write(SYSTEM) as unit:
        assert ACTS.ask_if_due(server, unit).startswith("next ")
        unit.now = began + timedelta(days=4)
        assert ACTS.ask_if_due(server, unit).startswith("task ")
        assert ACTS.ask_if_due(server, unit).startswith("next ")
    raised(server, "backup_old")
    (server.home / "backups").write_text("no folder", encoding="ascii")
    assert tasks.run_next_task(server)
    with server.database.write(SYSTEM) as unit:
        task = unit.session.scalars(select(Task)).one()
        assert (task.state, (task.error or {})["code"]) == ("failed", "file_unreadable")
        unit.now = began + timedelta(days=4, minutes=1)
        ACTS.ask_if_due(server, unit)
    raised(server, "backup_failed")
    with server.database.write(OPERATOR) as unit:
        dismiss_alert(unit, unit.session.scalars(select(Alert.id).where(Alert.kind == "backup_failed")).one())
        unit.now = began + timedelta(days=5)
        assert ACTS.ask_if_due(server, unit).startswith("task ")
        ACTS.refresh(server, unit)  # no one knows yet how the new one ends
    assert "backup_failed" not in _open(server)
    assert tasks.run_next_task(server)
    with server.database.write(SYSTEM) as unit:
        ACTS.refresh(server, unit)
    raised(server, "backup_failed")  # another failure brings back what was dismissed
    (server.home / "backups").unlink()
    with server.database.write(SYSTEM) as unit:
        unit.now = began + timedelta(days=6)
        assert ACTS.ask_if_due(server, unit).startswith("task ")
    assert tasks.run_next_task(server)
    cleared(server, "backup_old")
    cleared(server, "backup_failed")
    assert [one["name"].partition("-")[0] for one in items(server)] == ["satellite"]


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    "changes", [{"at": "25:00"}, {"zone": "Middle/Earth"}, {"keep": 0}, {"keep": 366}, {"every": "hourly"}]
)
def test_a_plan_that_cannot_be_is_refused(server: Satellite, changes: dict[str, Any]) -> None:
    """Nothing changes then."""
    with server.database.write(OPERATOR) as unit:
        before = ACTS.show(server, unit)
        with pytest.raises(AppError):
            ACTS.change_plan(server, unit, changes)
        assert ACTS.show(server, unit)["keep"] == before["keep"]


@pytest.mark.row("S3.4")
def test_without_passphrase_nothing_is_made_and_only_administrators_touch_backups(tmp_path: Path) -> None:
    """A short passphrase is refused, a generated one is long; names are never paths."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(NoPassphraseError):
            ACTS.start_make(unit)
        with pytest.raises(NoPassphraseError):
            ACTS.change_plan(server, unit, {"every": "daily"})
        with pytest.raises(PassphraseShortError):
            ACTS.set_passphrase(server, unit, "short")
        assert len(ACTS.set_passphrase(server, unit) or "") >= 24
        for name in ("../satellite.db", "satellite.db", "/etc/passwd", "x" * 300, ""):
            with pytest.raises(AppError):
                ACTS.find(server, unit, name)
    with server.database.write(person(Role.OPERATOR)) as unit:
        for act in (
            lambda: ACTS.show(server, unit),
            lambda: ACTS.start_make(unit),
            lambda: ACTS.start_verify(server, unit, "x"),
            lambda: ACTS.find(server, unit, "x"),
            lambda: ACTS.read(server, unit, "x"),
            lambda: ACTS.remove(server, unit, "x"),
            lambda: ACTS.set_passphrase(server, unit),
            lambda: ACTS.change_plan(server, unit, {}),
            lambda: ACTS.make(server, person(Role.OPERATOR), lambda _stage: None),
            lambda: ACTS.verify(server, person(Role.OPERATOR), "x"),
        ):
            with pytest.raises(NotPermittedError):
                act()
    server.database.dispose()


@pytest.mark.row("S3.4")
def test_without_a_passphrase_nothing_is_said_about_backups(tmp_path: Path) -> None:
    """A satellite that is backed up in another way has no alert, even if someone chose how many to keep."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        ACTS.change_plan(server, unit, {"keep": 3})
        unit.now += timedelta(days=100)
        ACTS.refresh(server, unit)
    cleared(server, "backup_old")
    with server.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(server, unit, SECRET)
        unit.now += timedelta(days=100)
        ACTS.refresh(server, unit)
    raised(server, "backup_old")
    server.database.dispose()


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("text", ["\u00a0 ein Geheimnis mit Rand \u00a0", "  with blanks around it \r\n"])
def test_a_passphrase_of_a_file_opens_what_was_made_with_it(server: Satellite, tmp_path: Path, text: str) -> None:
    """However it is given, the same passphrase makes the same key; one that no text can be is refused, not changed."""
    with server.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(server, unit, text)
        with pytest.raises(InvalidInputError):
            ACTS.set_passphrase(server, unit, b"Schl\xfcssel des Hauses")
    name = str(ACTS.make(server, OPERATOR, lambda _stage: None)["name"])
    (file := tmp_path / "passphrase").write_bytes(text.encode())
    assert verify_backup(BACKUPS, server.home / "backups" / name, passphrase_bytes(file.read_bytes()), tmp_path)[
        "files"
    ]


@pytest.mark.row("S3.4")
def test_files_that_only_look_like_backups_hold_no_backup_up_and_are_never_removed(
    server: Satellite, tmp_path: Path
) -> None:
    """An impossible day, a link that leads nowhere and another product's backup in the folder: neither listed nor tidied."""
    folder = tmp_path / "home" / "backups"
    folder.mkdir()
    with server.database.write(OPERATOR) as unit:
        prefix = ACTS.shelf(server, unit).prefix
        names = (f"{prefix}20261399-999999.pgb", "central-20200101-000000.pgb", "satellite-20200101-000000.pgb")
        strange = [folder / name for name in names]
        for path in strange:
            path.write_bytes(b"x")
        (folder / f"{prefix}20200101-000000.pgb").symlink_to(tmp_path / "gone")
        ACTS.change_plan(server, unit, {"keep": 1, "every": "daily"})
        assert ACTS.ask_if_due(server, unit)
    made = ACTS.make(server, OPERATOR, lambda _stage: None)
    assert [one["name"] for one in items(server)] == [made["name"]]
    assert all(path.exists() for path in strange)


@pytest.mark.row("S3.4")
def test_satellites_that_share_a_folder_see_and_remove_only_their_own_backups(tmp_path: Path) -> None:
    """Each keeps one: what the other one made stays, is not listed, is not found by name, and clears no alert."""
    servers = []
    for name in ("north", "south"):
        home = tmp_path / name
        home.mkdir()
        (home / "config.toml").write_text(f'[backup]\nfolder = "{tmp_path / "share"}"\n', encoding="utf-8")
        made = server_of(home)
        with made.database.write(OPERATOR) as unit:
            site_of(unit).satellite_id = id_of(name)
            ACTS.set_passphrase(made, unit, SECRET)
            ACTS.change_plan(made, unit, {"keep": 1})
        servers.append(made)
    north, south = servers
    first = str(ACTS.make(north, OPERATOR, lambda _stage: None)["name"])
    second = str(ACTS.make(south, OPERATOR, lambda _stage: None)["name"])

    assert [[one["name"] for one in items(server)] for server in servers] == [[first], [second]]
    with south.database.write(OPERATOR) as unit:
        assert optional_iso(ACTS.newest(south, unit)) == items(south)[0]["created"]
        with pytest.raises(UnknownBackupError):
            ACTS.remove(south, unit, first)
    assert (tmp_path / "share" / first).exists()
    for server in servers:
        server.database.dispose()
