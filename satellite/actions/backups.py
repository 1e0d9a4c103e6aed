"""Use cases of the backups that a satellite makes itself: by a task, by schedule, verified as a restore would (row S3.4)."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from satellite.core.access.rules import Permission
from satellite.core.access.services import require, require_actor
from satellite.core.alerts import conditions
from satellite.core.alerts.services import refresh_backups
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.licences.queries import wrong_totals
from satellite.core.operations.models import Task
from satellite.core.settings import services as stored
from satellite.core.settings.models import StoredSetting
from satellite.core.site.queries import site_of
from satellite.keyring import KeyRing
from satellite.runtime import BACKUPS, HOMES, Satellite
from satellite.settings import SatelliteSettings
from satellite.sync.schedule import WEEKDAYS, Schedule, due_at
from serverkit.actor import OPERATOR, Actor
from serverkit.alerts.engine import Wanted
from serverkit.backup.container import passphrase_bytes
from serverkit.backup.errors import LEAST, NoPassphraseError, PassphraseShortError, UnknownBackupError
from serverkit.backup.shelf import Kept, Shelf, Tell, make_verify_tidy
from serverkit.clock import iso, optional_iso
from serverkit.day_times import TimeOfDay, ZoneName, read_time
from serverkit.db.unit import Unit
from serverkit.errors import InvalidInputError
from serverkit.stored_settings import Stored, changed_at
from serverkit.tasks import service as tasks

MAKE, VERIFY = "backup", "verify_backup"
DAYS = WEEKDAYS


class BackupPlan(Stored):
    """When backups are made, and how many are kept. `weekday` counts from Monday, 0."""

    every: Literal["off", "daily", "weekly"] = "off"
    weekday: int = Field(default=0, ge=0, le=6)
    at: TimeOfDay = "02:00"
    zone: ZoneName = "UTC"
    keep: int = Field(default=7, ge=1, le=365)

    @property
    def schedule(self) -> Schedule:
        """As a schedule."""
        return Schedule(self.every, self.weekday, read_time(self.at), self.zone)


def shelf_of(server: Satellite, unit: Unit) -> Shelf:
    """The backups of this satellite in the folder, which other satellites may use too."""
    folder = server.settings.backup.folder
    return Shelf(Path(folder) if folder else server.home / "backups", BACKUPS, site_of(unit).satellite_id)


def show_backups(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the backups, newest first, with plan, folder, room, and whether a passphrase is set; never the passphrase."""
    require(unit, Permission.SITE_MANAGE)
    shelf, plan = shelf_of(server, unit), stored.read(unit, stored.BACKUP, BackupPlan)
    items = shelf.items()
    due = due_backup(unit, plan)
    return {
        **plan.model_dump(),
        "folder": str(shelf.folder),
        "passphrase_set": stored.has_secret(unit, stored.BACKUP),
        "free_bytes": shutil.disk_usage(shelf.folder if shelf.folder.is_dir() else server.home).free,
        "database": "left_out" if server.is_shared else "embedded",
        "next": optional_iso(due),
        "newest_verified": next((iso(one.created) for one in items if one.good), None),
        "last_task": _last_task(unit),
        "items": [_view(one) for one in items],
    }


def newest_backup(server: Satellite, unit: Unit) -> str | None:
    """Tell when the newest verified backup of the folder was made; None where there is none. Everyone may know."""
    return next((iso(one.created) for one in shelf_of(server, unit).items() if one.good), None)


def backup_state(server: Satellite, unit: Unit) -> tuple[datetime | None, bool, bool]:
    """Tell when the newest verified backup was made, whether backups are late, and whether any are planned.

    Late is what the alert `backup_old` or `backup_failed` says. Everyone may know.
    """
    newest = next((one.created for one in shelf_of(server, unit).items() if one.good), None)
    planned = stored.read(unit, stored.BACKUP, BackupPlan).every != "off"
    return newest, any(True for _ in _wanted(server, unit)), planned


def change_backup_plan(server: Satellite, unit: Unit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change schedule and retention; what is not named stays. InvalidInputError."""
    present = stored.read(unit, stored.BACKUP, BackupPlan)
    plan = stored.checked(BackupPlan, {**present.model_dump(), **changes})
    if plan.every != "off" and not stored.has_secret(unit, stored.BACKUP):
        raise NoPassphraseError
    stored.change(unit, stored.BACKUP, plan)
    refresh_backup_alerts(server, unit)
    return show_backups(server, unit)


def set_backup_passphrase(server: Satellite, unit: Unit, text: str | bytes | None = None) -> str | None:
    """Keep the passphrase of coming backups, encrypted; without one, generate it and return it this once.

    Backups that exist keep the passphrase that they were made with. PassphraseShortError, InvalidInputError.
    """
    made = None if text is not None else secrets.token_urlsafe(24)
    given = passphrase_bytes(text if text is not None else made or "")
    if len(given) < LEAST:
        raise PassphraseShortError
    try:
        wanted = given.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError("the passphrase is not UTF-8") from error
    plan = stored.read(unit, stored.BACKUP, BackupPlan)
    stored.change(unit, stored.BACKUP, plan, server.keyring.box, wanted)
    return made


def start_backup(unit: Unit) -> str:
    """Ask the scheduler for a backup; the id of the task. NoPassphraseError, TaskRunningError."""
    require(unit, Permission.SITE_MANAGE)
    if not stored.has_secret(unit, stored.BACKUP):
        raise NoPassphraseError
    return tasks.ask(unit, Task, MAKE, {}).id


def start_verification(server: Satellite, unit: Unit, name: str) -> str:
    """Ask the scheduler to verify a backup; the id of the task. UnknownBackupError, NoPassphraseError."""
    require(unit, Permission.SITE_MANAGE)
    if not stored.has_secret(unit, stored.BACKUP):
        raise NoPassphraseError
    return tasks.ask(unit, Task, VERIFY, {"name": shelf_of(server, unit).path(name).name}).id


def make_backup(server: Satellite, actor: Actor, tell: Tell) -> dict[str, Any]:
    """Make a backup now, verify it, and remove the oldest beyond those kept; `tell` gets each stage."""
    require_actor(actor, Permission.SITE_MANAGE)
    with server.database.read(actor) as unit:
        passphrase, plan = _passphrase(server, unit), stored.read(unit, stored.BACKUP, BackupPlan)
        shelf = shelf_of(server, unit)
    found = make_verify_tidy(shelf, server.home, server.database.engine, passphrase, server.clock.now, plan.keep, tell)

    def note(unit: Unit) -> None:
        subject = {"name": found["name"], "removed": found["removed"]}
        record(unit, EventKind.BACKUP_MADE, f"backup {found['name']} made and verified", subject=subject)
        refresh_backups(unit, [one for one in _wanted(server, unit) if one.kind != "backup_failed"])

    server.database.run(actor, note)
    return found


def check_backup(server: Satellite, actor: Actor, name: str) -> dict[str, Any]:
    """Verify a backup as a restore would, and note what came of it; what a restore would refuse is raised."""
    require_actor(actor, Permission.SITE_MANAGE)
    with server.database.read(actor) as unit:
        passphrase, shelf = _passphrase(server, unit), shelf_of(server, unit)
    try:
        shelf.verify(name, passphrase, server.home, server.clock.now())
    finally:
        server.database.run(actor, lambda unit: refresh_backup_alerts(server, unit))
    return {"name": name, "state": "verified"}


def newest_file(server: Satellite, unit: Unit) -> tuple[Path, bytes]:
    """Find the newest backup of the folder and the passphrase that is set; UnknownBackupError, NoPassphraseError."""
    require(unit, Permission.SITE_MANAGE)
    shelf, passphrase = shelf_of(server, unit), _passphrase(server, unit)
    newest = next((one.name for one in shelf.items()), None)
    if newest is None:
        raise UnknownBackupError("there is no backup in the folder yet")
    return shelf.path(newest), passphrase


def verify_scratch(folder: Path) -> list[str]:
    """Verify the satellite of a scratch folder: its keys can be read, and what devices claim is what is counted."""
    database = HOMES.database_of(folder, SatelliteSettings(), None)
    try:
        with database.read(OPERATOR) as unit:
            site = site_of(unit)
            keyring = KeyRing(folder / "keys")
            keyring.check([site.identity_key_id, site.device_ca_key_id])
            return wrong_totals(unit)
    finally:
        database.dispose()


def find_backup(server: Satellite, unit: Unit, name: str) -> dict[str, Any]:
    """Find one backup; UnknownBackupError."""
    require(unit, Permission.SITE_MANAGE)
    return _view(shelf_of(server, unit).item(name))


def read_backup(server: Satellite, unit: Unit, name: str) -> Iterator[bytes]:
    """Read the bytes of a backup; UnknownBackupError."""
    require(unit, Permission.SITE_MANAGE)
    shelf = shelf_of(server, unit)
    shelf.path(name)
    return shelf.chunks(name)


def remove_backup(server: Satellite, unit: Unit, name: str) -> None:
    """Remove a backup from the folder; UnknownBackupError."""
    require(unit, Permission.SITE_MANAGE)
    shelf_of(server, unit).remove(name)
    record(unit, EventKind.BACKUP_REMOVED, f"backup {name} removed", subject={"name": name})
    refresh_backup_alerts(server, unit)


def backup_if_due(server: Satellite, unit: Unit) -> str:
    """Ask for the backup of the schedule when it is due, and refresh the alerts; the result of the job."""
    refresh_backup_alerts(server, unit)
    due = due_backup(unit, stored.read(unit, stored.BACKUP, BackupPlan))
    if due is None:
        return "no schedule"
    if due > unit.now:
        return f"next {iso(due)}"
    if _open_task(unit):
        return "one is under way"
    return f"task {tasks.ask(unit, Task, MAKE, {}).id}"


def due_backup(unit: Unit, plan: BackupPlan) -> datetime | None:
    """When the next backup of the schedule is due: after failures sooner than the next time of the schedule."""
    since = changed_at(unit, StoredSetting, stored.BACKUP)
    if since is None:
        return None
    query = select(Task.state, Task.asked_at).where(Task.kind == MAKE).order_by(Task.asked_at.desc()).limit(20)
    rows = unit.session.execute(query).all()
    failures = next((count for count, row in enumerate(rows) if row.state != "failed"), len(rows))
    last = rows[0].asked_at if rows else None
    return due_at(plan.schedule, max(last, since) if last is not None and not failures else last, failures, since)


def refresh_backup_alerts(server: Satellite, unit: Unit) -> None:
    """Make the alerts about backups true."""
    refresh_backups(unit, list(_wanted(server, unit)))


def _wanted(server: Satellite, unit: Unit) -> Iterator[Wanted]:
    since, plan = changed_at(unit, StoredSetting, stored.BACKUP), stored.read(unit, stored.BACKUP, BackupPlan)
    if since is None or not stored.has_secret(unit, stored.BACKUP):
        return  # backups are made in another way, if at all
    newest = next((one.created for one in shelf_of(server, unit).items() if one.good), None)
    # One that runs has not ended yet what the one before it said, nor does one that was stopped.
    query = select(Task).where(Task.kind == MAKE, Task.state.in_(("done", "failed"))).order_by(Task.asked_at.desc())
    last = unit.session.scalars(query.limit(1)).first()
    failure = None
    if last is not None and last.state == "failed" and (newest is None or newest < last.asked_at):
        failure = (last.asked_at, (last.error or {}).get("message") or "see the task")
    yield from conditions.backups(unit.now, plan.every, since, newest, failure)


def _last_task(unit: Unit) -> dict[str, Any] | None:
    query = select(Task).where(Task.kind == MAKE).order_by(Task.asked_at.desc()).limit(1)
    row = unit.session.scalars(query).first()
    if row is None:
        return None
    error = (row.error or {}).get("message", "")
    return {"id": row.id, "state": row.state, "asked_at": iso(row.asked_at), "error": error}


def _open_task(unit: Unit) -> bool:
    return (
        unit.session.scalars(select(Task.id).where(Task.kind == MAKE, Task.state.in_(tasks.OPEN))).first() is not None
    )


def _passphrase(server: Satellite, unit: Unit) -> bytes:
    found = stored.secret_of(unit, stored.BACKUP, server.keyring.box)
    if not found:
        raise NoPassphraseError
    return found.encode()


def _view(one: Kept) -> dict[str, Any]:
    return {
        "name": one.name,
        "created": iso(one.created),
        "size": one.size,
        "program": one.program,
        "state": one.state,
        "verified_at": one.verified_at,
        "error": one.error,
    }
