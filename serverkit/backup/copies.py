"""Use cases of copies off the machine: where they go, a test, and copying a verified backup there (row B8)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serverkit import stored_settings as store
from serverkit.actor import Actor
from serverkit.backup.container import digest_of
from serverkit.backup.errors import NoTargetError, UnknownBackupError
from serverkit.backup.folder_target import FolderPlace
from serverkit.backup.plan import COPY, TARGET, LastCopy
from serverkit.backup.ports import COPIED, SEND, TRY, BackupPorts, S
from serverkit.backup.service import work_folder
from serverkit.backup.sftp_target import SftpPlace, find_client
from serverkit.backup.shelf import Shelf
from serverkit.backup.targets import Beat, Place, Target, new_key, public_of, read_key
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.schedule import retry_after
from serverkit.tasks import service as tasks


def nobody(_done: int) -> None:
    """Told how many bytes are done, and does nothing."""


@dataclass(frozen=True)
class CopyActs(BackupPorts[S]):
    """Use cases of one server."""

    def target(self, unit: Unit) -> Target:
        """Where copies go."""
        return store.read_stored(unit, self.settings, TARGET, Target)

    def show_target(self, server: S, unit: Unit) -> dict[str, Any]:
        """Show where copies go, the public key for it, and what became of the last copy; never the private key."""
        self.authorize(unit)
        found, last = self.target(unit), store.read_stored(unit, self.settings, COPY, LastCopy)
        key = store.read_secret(unit, self.settings, TARGET, self.box(server))
        return {
            **found.model_dump(),
            "place": found.place,
            "fingerprints": found.fingerprints,
            "public_key": public_of(key) if key and found.kind == "sftp" else "",
            "last": {
                "name": last.name,
                "at": optional_iso(last.at),
                "copied": bool(last.at) and not last.failures,
                "failures": last.failures,
                "code": last.code,
                "error": last.error,
                "remedy": last.remedy,
                "warnings": list(last.warnings),
            },
        }

    def set_target(
        self, server: S, unit: Unit, changes: Mapping[str, Any], key: bytes | None = None, *, fresh_key: bool = False
    ) -> dict[str, Any]:
        """Set where copies go; what is not named stays. A key is generated where there is none, or with `fresh_key`.

        InvalidInputError for what cannot be, SftpMissingError where the client is not on this machine.
        """
        self.authorize(unit)
        wanted = store.checked(Target, {**self.target(unit).model_dump(), **changes})
        if wanted.kind == "sftp":
            find_client()
        secret = read_key(key) if key is not None else None
        if (
            wanted.kind == "sftp"
            and secret is None
            and (fresh_key or not store.has_secret(unit, self.settings, TARGET))
        ):
            secret = new_key()
        self.keep(unit, TARGET, wanted, self.box(server), secret)
        self._remember(server, unit, LastCopy())
        return self.show_target(server, unit)

    def remove_target(self, server: S, unit: Unit) -> None:
        """Copy no more; key and host key are forgotten, what was copied stays where it is."""
        self.authorize(unit)
        self.keep(unit, TARGET, Target(), self.box(server), "")
        self._remember(server, unit, LastCopy())

    def newest_name(self, server: S, unit: Unit) -> str:
        """The name of the newest verified backup; empty where there is none."""
        return next((one.name for one in self.shelf(server, unit).items() if one.good), "")

    def start_test(self, unit: Unit) -> str:
        """Ask the scheduler for a test of the target; the id of the task. NoTargetError, TaskRunningError."""
        self.authorize(unit)
        self._need_target(unit)
        return tasks.ask(unit, self.tasks, TRY, {}).id

    def start_copy(self, server: S, unit: Unit, name: str) -> str:
        """Ask the scheduler for a copy of a backup; the id of the task. UnknownBackupError, NoTargetError."""
        self.authorize(unit)
        self._need_target(unit)
        return tasks.ask(unit, self.tasks, SEND, {"name": self.shelf(server, unit).path(name).name}).id

    def test_target(self, server: S, actor: Actor) -> dict[str, Any]:
        """Write a small file to the target, read it back, remove it; the copies that are there. A refusal says what fails."""
        place, target, shelf = self._place(server, actor)
        name = f"{shelf.prefix}test-{secrets.token_hex(4)}"
        with work_folder(server.home, "backup") as folder:
            (file := folder / "sample").write_bytes(data := secrets.token_bytes(4096))
            warnings = place.put(file, len(data), hashlib.sha256(data).hexdigest(), name, nobody)
        place.remove([name])
        copies = sorted((one for one in place.names() if shelf.is_named(one)), reverse=True)
        return {"place": target.place, "sound": True, "copies": copies, "warnings": warnings}

    def copy(self, server: S, actor: Actor, name: str | None = None, beat: Beat = nobody) -> dict[str, Any]:
        """Copy a backup, the newest verified one unless it is named, and remove the oldest copies beyond those kept.

        What came of it is remembered, and an alert until a copy succeeds. Refusals are those of `serverkit.backup.errors`.
        """
        with server.database.read(actor) as unit:
            self.authorize(unit)
            name = name or self.newest_name(server, unit)
        if not name:
            raise UnknownBackupError("there is no verified backup in the folder yet")
        try:
            place, target, shelf = self._place(server, actor)
            file = shelf.path(name)
            warnings = place.put(file, *digest_of(file), name, beat)
            removed = surplus(shelf, place.names(), target.keep)
            place.remove(removed)
        except AppError as error:
            told = error
            server.database.run(actor, lambda unit: self._failed(server, unit, name, told))
            raise
        found = {"name": name, "place": target.place, "removed": removed, "warnings": warnings}

        def note(unit: Unit) -> None:
            self.record(unit, COPIED, f"backup {name} copied to {target.place}", found)
            self._remember(server, unit, LastCopy(name=name, at=unit.now, warnings=tuple(warnings)))

        server.database.run(actor, note)
        return found

    def copy_if_due(self, server: S, unit: Unit) -> str | None:
        """Ask for the copy that failed to be tried again when it is time; what was done, or None."""
        last = store.read_stored(unit, self.settings, COPY, LastCopy)
        if self.target(unit).kind == "none" or not last.failures or last.at is None:
            return None
        if unit.now < last.at + retry_after(last.failures) or self.under_way(unit, SEND):
            return None
        newest = self.newest_name(server, unit)
        return None if not newest else f"task {tasks.ask(unit, self.tasks, SEND, {'name': newest}).id}"

    def _failed(self, server: S, unit: Unit, name: str, error: AppError) -> None:
        before = store.read_stored(unit, self.settings, COPY, LastCopy)
        remedy = str(error.remedy or "")
        last = LastCopy(
            name=name, at=unit.now, failures=before.failures + 1, code=error.code, error=error.message, remedy=remedy
        )
        self._remember(server, unit, last)

    def _remember(self, server: S, unit: Unit, last: LastCopy) -> None:
        store.write_stored(unit, self.settings, COPY, last)
        unit.session.flush()
        self.refresh(server, unit)

    def _need_target(self, unit: Unit) -> Target:
        found = self.target(unit)
        if found.kind == "none":
            raise NoTargetError
        return found

    def _place(self, server: S, actor: Actor) -> tuple[Place, Target, Shelf]:
        with server.database.read(actor) as unit:
            self.authorize(unit)
            target, shelf = self._need_target(unit), self.shelf(server, unit)
            key = store.read_secret(unit, self.settings, TARGET, self.box(server))
        place = FolderPlace(target, server.home) if target.kind == "folder" else SftpPlace(target, key, server.home)
        return place, target, shelf


def surplus(shelf: Shelf, names: list[str], keep: int) -> list[str]:
    """The oldest copies of this server beyond those kept, and what of a copy was left behind."""
    copies = sorted((one for one in names if shelf.is_named(one)), reverse=True)
    parts = [one for one in names if one.startswith(f".{shelf.prefix}") and one.endswith(".part")]
    return [*copies[keep:], *parts]
