"""Backups that central makes itself: on time, verified, told by alerts, and the vendor's business alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from central.actions import tasks
from central.actions.backups import ACTS
from central.domain.access.errors import NotPermittedError
from central.domain.alerts.models import Alert
from central.domain.event_log.models import Event
from central.domain.operations.models import Task
from central.domain.settings.models import StoredSetting
from central.runtime import BACKUPS, Central
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.backup.errors import BackupLockedError, NoPassphraseError, NotABackupError, NoTargetError
from serverkit.backup.kit import BEGIN, kit_text, open_key
from serverkit.backup.ports import LOOK
from serverkit.backup.service import verify_backup
from serverkit.backup.targets import new_key, public_of
from tests.unit.central.factories import NOBODY, server_of

SECRET = "correct horse battery staple"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Central]:
    """A central without a passphrase for backups."""
    made = server_of(tmp_path / "home")
    yield made
    made.database.dispose()


def raised(server: Central, kind: str) -> None:
    """A kind of alert is open."""
    assert kind in _open(server)


def cleared(server: Central, kind: str) -> None:
    """None of a kind is open."""
    assert kind not in _open(server)


def _open(server: Central) -> set[str]:
    with server.database.read(OPERATOR) as unit:
        return set(unit.session.scalars(select(Alert.kind).where(Alert.state == "open")))


@pytest.mark.row("S3.4", "B8")
def test_a_due_backup_is_made_verified_and_told_by_alerts_where_it_is_late_or_fails(server: Central) -> None:
    """Not before its time; a failure is an alert, so is age; what succeeds clears both and opens with the passphrase."""
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(NoPassphraseError):
            ACTS.change_plan(server, unit, {"every": "daily"})
        ACTS.set_passphrase(server, unit, SECRET)
        ACTS.change_plan(server, unit, {"every": "daily", "at": "02:00", "zone": "UTC"})
        kept = unit.session.get_one(StoredSetting, "backup")
        assert SECRET not in str(kept.content) + kept.secret
        began = unit.now
    (server.home / "backups").write_text("no folder", encoding="ascii")
    with server.database.write(SYSTEM) as unit:
        assert ACTS.ask_if_due(server, unit).startswith("next ")
        unit.now = began + timedelta(days=4)
        assert ACTS.ask_if_due(server, unit).startswith("task ")
    raised(server, "backup_old")
    assert tasks.run_next_task(server)
    with server.database.write(SYSTEM) as unit:
        unit.now = began + timedelta(days=4, minutes=1)
        ACTS.refresh(server, unit)
    raised(server, "backup_failed")
    (server.home / "backups").unlink()
    with server.database.write(SYSTEM) as unit:
        unit.now = began + timedelta(days=6)
        assert ACTS.ask_if_due(server, unit).startswith("task ")
    assert tasks.run_next_task(server)
    cleared(server, "backup_old")
    cleared(server, "backup_failed")
    with server.database.read(OPERATOR) as unit:
        [one] = ACTS.show(server, unit)["items"]
        assert [row.kind for row in unit.session.scalars(select(Event)) if row.kind == "backup:made"] == ["backup:made"]
        done = unit.session.scalars(select(Task).order_by(Task.asked_at.desc())).first()
        assert done is not None
        assert done.state == "done"
    assert (one["name"].partition("-")[0], one["state"]) == ("central", "verified")
    assert verify_backup(BACKUPS, server.home / "backups" / one["name"], SECRET.encode(), server.home)["files"]


@pytest.mark.row("B8")
def test_the_emergency_kit_holds_no_secret_and_its_key_opens_with_the_passphrase_alone(
    server: Central, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places, fingerprint and commands are in it; the key only on demand, encrypted, as an event; another passphrase opens nothing."""
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with server.database.write(OPERATOR) as unit:
        ACTS.set_passphrase(server, unit, SECRET)
        with pytest.raises(NoTargetError):
            ACTS.kit(server, unit, with_key=True)
        key = new_key()
        wanted = {"kind": "sftp", "host": "vault.example", "user": "perigee", "path": "in", "host_keys": public_of(key)}
        ACTS.set_target(server, unit, wanted, key.encode())
        plain = kit_text(ACTS.kit(server, unit))
        text = kit_text(ACTS.kit(server, unit, with_key=True))
        kinds = [one.kind for one in unit.session.scalars(select(Event))]
    assert server.keyring.response_key.public.short in plain
    assert "sftp -P 22 -i key perigee@vault.example:in" in plain
    assert SECRET not in text
    assert "PRIVATE" not in text
    assert BEGIN not in plain
    assert kinds.count("backup:key_sealed") == 1
    assert public_of(open_key(text, SECRET.encode())) == public_of(key)
    with pytest.raises(BackupLockedError):
        open_key(text, b"another passphrase")
    with pytest.raises(NotABackupError):
        open_key(plain, SECRET.encode())


@pytest.mark.row("S3.4", "C11.2")
def test_who_may_not_change_the_vendor_s_settings_touches_no_backup(server: Central) -> None:
    """Neither looking, nor making, nor removing; nothing is written."""
    with server.database.write(NOBODY) as unit:
        for act in (
            lambda: ACTS.show(server, unit),
            lambda: ACTS.start_make(unit),
            lambda: ACTS.find(server, unit, "x"),
            lambda: ACTS.remove(server, unit, "x"),
            lambda: ACTS.set_passphrase(server, unit),
            lambda: ACTS.change_plan(server, unit, {}),
            lambda: ACTS.show_target(server, unit),
            lambda: ACTS.set_target(server, unit, {}),
            lambda: ACTS.remove_target(server, unit),
            lambda: ACTS.start_test(unit),
            lambda: ACTS.copy(server, NOBODY),
            lambda: ACTS.start_trial(server, unit, LOOK, "x"),
            lambda: ACTS.preview(server, NOBODY, "x"),
            lambda: ACTS.rehearse(server, NOBODY, "x"),
            lambda: ACTS.kit(server, unit),
            lambda: ACTS.make(server, NOBODY, lambda _stage: None),
        ):
            with pytest.raises(NotPermittedError):
                act()
