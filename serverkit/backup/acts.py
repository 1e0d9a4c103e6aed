"""Use cases of the backups that a server makes itself: by a task, by schedule, verified as a restore would (rows S3.4, B8)."""

from __future__ import annotations

import platform
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from serverkit import stored_settings as store
from serverkit.actor import Actor
from serverkit.backup.alerts import FAILED
from serverkit.backup.container import passphrase_bytes
from serverkit.backup.copies import CopyActs, nobody
from serverkit.backup.errors import LEAST, NoPassphraseError, NoTargetError, PassphraseShortError, UnknownBackupError
from serverkit.backup.kit import seal_key
from serverkit.backup.plan import LAST, PLAN, TARGET, BackupPlan, LastBackup
from serverkit.backup.ports import MADE, MAKE, REMOVED, SEALED, VERIFY, S
from serverkit.backup.shelf import Kept, Tell, make_verify_tidy
from serverkit.backup.targets import Beat
from serverkit.backup.trials import TrialActs
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError, InvalidInputError
from serverkit.schedule import due_at
from serverkit.tasks import service as tasks


@dataclass(frozen=True)
class BackupActs(CopyActs[S], TrialActs[S]):
    """Use cases of one server."""

    def show(self, server: S, unit: Unit) -> dict[str, Any]:
        """Show the backups, newest first, with plan, folder, room, and whether a passphrase is set; never the passphrase."""
        self.authorize(unit)
        shelf, plan = self.shelf(server, unit), self.plan(unit)
        items = shelf.items()
        return {
            **plan.model_dump(),
            "folder": str(shelf.folder),
            "passphrase_set": self.has_passphrase(unit),
            "free_bytes": shutil.disk_usage(shelf.folder if shelf.folder.is_dir() else server.home).free,
            "database": "left_out" if self.is_shared(unit) else "embedded",
            "next": optional_iso(self.due(unit, plan)),
            "newest_verified": optional_iso(self.newest(server, unit)),
            "last_task": self._last_task(unit),
            "items": [_view(one) for one in items],
        }

    def state(self, server: S, unit: Unit) -> tuple[datetime | None, bool, bool]:
        """Tell when the newest verified backup was made, whether backups are late, and whether any are planned.

        Late is what an alert about backups says. Everyone may know.
        """
        late = any(True for _ in self.wanted(server, unit))
        return self.newest(server, unit), late, self.plan(unit).every != "off"

    def change_plan(self, server: S, unit: Unit, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change schedule and retention; what is not named stays. InvalidInputError, NoPassphraseError."""
        plan = store.checked(BackupPlan, {**self.plan(unit).model_dump(), **changes})
        if plan.every != "off" and not self.has_passphrase(unit):
            raise NoPassphraseError
        self.keep(unit, PLAN, plan, None, None)
        self.refresh(server, unit)
        return self.show(server, unit)

    def set_passphrase(self, server: S, unit: Unit, text: str | bytes | None = None) -> str | None:
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
        self.keep(unit, PLAN, self.plan(unit), self.box(server), wanted)
        return made

    def start_make(self, unit: Unit) -> str:
        """Ask the scheduler for a backup; the id of the task. NoPassphraseError, TaskRunningError."""
        self.need_passphrase(unit)
        return tasks.ask(unit, self.tasks, MAKE, {}).id

    def start_verify(self, server: S, unit: Unit, name: str) -> str:
        """Ask the scheduler to verify a backup; the id of the task. UnknownBackupError, NoPassphraseError."""
        self.need_passphrase(unit)
        return tasks.ask(unit, self.tasks, VERIFY, {"name": self.shelf(server, unit).path(name).name}).id

    def make(self, server: S, actor: Actor, tell: Tell, beat: Beat = nobody) -> dict[str, Any]:
        """Make a backup now, verify it, remove the oldest beyond those kept, and copy it to the target where one is set.

        `tell` gets each stage. A copy that fails fails no backup: `copy` says why, and so does an alert.
        """
        shelf, passphrase, plan = self.open(server, actor)
        engine, now = server.database.engine, server.clock.now
        found = make_verify_tidy(shelf, server.home, engine, passphrase, now, plan.keep, tell)

        def note(unit: Unit) -> None:
            subject = {"name": found["name"], "removed": found["removed"]}
            name = str(found["name"])
            made = LastBackup(name=name, created=shelf.item(name).created)
            store.write_stored(unit, self.settings, LAST, made)
            self.record(unit, MADE, f"backup {found['name']} made and verified", subject)
            self.alerts(unit, [one for one in self.wanted(server, unit) if one.kind != FAILED])

        server.database.run(actor, note)
        with server.database.read(actor) as unit:
            is_copied = self.target(unit).kind != "none"
        if not is_copied:
            return {**found, "copy": None}
        tell("copy")
        try:
            copy = self.copy(server, actor, str(found["name"]), beat)
        except AppError as error:
            return {**found, "copy": {"code": error.code, "error": error.message, "remedy": str(error.remedy or "")}}
        return {**found, "copy": {**copy, "code": ""}}

    def kit(self, server: S, unit: Unit, *, with_key: bool = False) -> dict[str, Any]:
        """Gather the emergency kit: what a restore of this server needs, without a secret.

        `with_key`: with the key for the copies, encrypted with the passphrase of the backups, which is an event.
        NoPassphraseError, NoTargetError.
        """
        self.authorize(unit)
        target, items = self.show_target(server, unit), self.shelf(server, unit).items()
        newest = next((one for one in items if one.good), None)
        rehearsed, sealed = self.last_rehearsal(unit), ""
        if with_key:
            key = store.read_secret(unit, self.settings, TARGET, self.box(server))
            if target["kind"] != "sftp" or not key:
                raise NoTargetError("there is no key for copies")
            sealed = seal_key(self.program, self.product.program, iso(unit.now), key, self.passphrase(server, unit))
            self.record(unit, SEALED, "emergency kit with the encrypted key for copies made", {})
        outcome = "sound" if rehearsed["sound"] else "not sound"
        return {
            "program": self.program,
            "version": self.product.program,
            "made": iso(unit.now),
            **self.describe(server, unit),
            "machine": platform.node(),
            "home": str(server.home.absolute()),
            "folder": str(self.shelf(server, unit).folder),
            "database": "left_out" if self.is_shared(unit) else "embedded",
            "target": {
                name: target[name]
                for name in ("kind", "place", "fingerprints", "host", "port", "user", "path", "folder")
            },
            "newest": newest.name if newest is not None else "",
            "newest_made": iso(newest.created) if newest is not None else "",
            "rehearsed": f"{rehearsed['name']}, {rehearsed['at']}: {outcome}" if rehearsed["at"] else "never",
            "sealed_key": sealed,
        }

    def verify(self, server: S, actor: Actor, name: str) -> dict[str, Any]:
        """Verify a backup as a restore would, and note what came of it; what a restore would refuse is raised."""
        shelf, passphrase, _plan = self.open(server, actor)
        try:
            shelf.verify(name, passphrase, server.home, server.clock.now())
        finally:
            server.database.run(actor, lambda unit: self.refresh(server, unit))
        return {"name": name, "state": "verified"}

    def newest_file(self, server: S, unit: Unit) -> tuple[Path, bytes]:
        """Find the newest backup of the folder and the passphrase that is set; UnknownBackupError, NoPassphraseError."""
        self.authorize(unit)
        shelf, passphrase = self.shelf(server, unit), self.passphrase(server, unit)
        newest = next((one.name for one in shelf.items()), None)
        if newest is None:
            raise UnknownBackupError("there is no backup in the folder yet")
        return shelf.path(newest), passphrase

    def find(self, server: S, unit: Unit, name: str) -> dict[str, Any]:
        """Find one backup; UnknownBackupError."""
        self.authorize(unit)
        return _view(self.shelf(server, unit).item(name))

    def read(self, server: S, unit: Unit, name: str) -> Iterator[bytes]:
        """Read the bytes of a backup; UnknownBackupError."""
        self.authorize(unit)
        shelf = self.shelf(server, unit)
        shelf.path(name)
        return shelf.chunks(name)

    def remove(self, server: S, unit: Unit, name: str) -> None:
        """Remove a backup from the folder; UnknownBackupError."""
        self.authorize(unit)
        self.shelf(server, unit).remove(name)
        self.record(unit, REMOVED, f"backup {name} removed", {"name": name})
        self.refresh(server, unit)

    def ask_if_due(self, server: S, unit: Unit) -> str:
        """Ask for the backup of the schedule when it is due, and refresh the alerts; the result of the job."""
        self.refresh(server, unit)
        due = self.due(unit, self.plan(unit))
        if (again := self.copy_if_due(server, unit)) is not None:
            return again
        if due is None:
            return "no schedule"
        if due > unit.now:
            return f"next {iso(due)}"
        if self.under_way(unit, MAKE):
            return "one is under way"
        return f"task {tasks.ask(unit, self.tasks, MAKE, {}).id}"

    def due(self, unit: Unit, plan: BackupPlan) -> datetime | None:
        """When the next backup of the schedule is due: after failures sooner than the next time of the schedule."""
        since, row = store.changed_at(unit, self.settings, PLAN), self.tasks
        if since is None:
            return None
        query = select(row.state, row.asked_at).where(row.kind == MAKE).order_by(row.asked_at.desc()).limit(20)
        rows = unit.session.execute(query).all()
        failures = next((count for count, one in enumerate(rows) if one.state != "failed"), len(rows))
        last = rows[0].asked_at if rows else None
        return due_at(plan.schedule, max(last, since) if last is not None and not failures else last, failures, since)

    def _last_task(self, unit: Unit) -> dict[str, Any] | None:
        query = select(self.tasks).where(self.tasks.kind == MAKE).order_by(self.tasks.asked_at.desc()).limit(1)
        row = unit.session.scalars(query).first()
        if row is None:
            return None
        error = (row.error or {}).get("message", "")
        return {"id": row.id, "state": row.state, "asked_at": iso(row.asked_at), "error": error}


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
