"""What keeping backups needs of a server, and what all of its use cases share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import select

from serverkit import stored_settings as store
from serverkit.actor import Actor
from serverkit.alerts.engine import Wanted
from serverkit.backup.alerts import copy_alert, wanted_alerts
from serverkit.backup.errors import NoPassphraseError
from serverkit.backup.plan import COPY, LAST, PLAN, BackupPlan, LastBackup, LastCopy
from serverkit.backup.rehearsal import Identify, Verify
from serverkit.backup.service import Product
from serverkit.backup.shelf import Kept, Shelf
from serverkit.clock import Clock
from serverkit.db.unit import Database, Unit
from serverkit.secrets_box import SecretBox
from serverkit.stored_settings import Stored, StoredSettingMixin
from serverkit.tasks import service as tasks
from serverkit.tasks.models import TaskMixin

MAKE, VERIFY, SEND, TRY = "backup", "verify_backup", "copy_backup", "test_backup_target"
LOOK, REHEARSE = "preview_backup", "rehearse_backup"
"""The kinds of tasks."""
MADE, REMOVED, COPIED, REHEARSED, SEALED = "made", "removed", "copied", "rehearsed", "sealed"
"""The events."""


class Keeping(Protocol):
    """What keeping backups needs of a server."""

    @property
    def home(self) -> Path:
        """Its home."""
        ...

    @property
    def clock(self) -> Clock:
        """Its clock."""
        ...

    @property
    def database(self) -> Database:
        """Its database."""
        ...


S = TypeVar("S", bound=Keeping)
Keep = Callable[[Unit, str, Stored, SecretBox | None, str | None], Sequence[str]]
"""Keeps what is set about a subject with its secret, in an event; the names of what changed."""


@dataclass(frozen=True)
class BackupPorts(Generic[S]):
    """What a server lends.

    `source` is the place that its alerts name, `folder` the one that its settings name, `owner` the id that is in the
    names of its backups. `record` writes an event: what was done, the words, the subject. `identify` says which server a
    scratch folder holds, `describe` name, id and fingerprint of this one.
    """

    program: str
    source: str
    product: Product
    settings: type[StoredSettingMixin]
    tasks: type[TaskMixin]
    folder: Callable[[S], str | None]
    owner: Callable[[S, Unit], str]
    box: Callable[[S], SecretBox]
    authorize: Callable[[Unit], None]
    keep: Keep
    record: Callable[[Unit, str, str, Mapping[str, Any]], None]
    alerts: Callable[[Unit, list[Wanted]], None]
    verify_scratch: Verify
    identify: Identify
    describe: Callable[[S, Unit], Mapping[str, str]]

    def shelf(self, server: S, unit: Unit) -> Shelf:
        """The backups of this server in the folder, which other servers may use too."""
        folder = self.folder(server)
        return Shelf(Path(folder) if folder else server.home / "backups", self.product, self.owner(server, unit))

    def plan(self, unit: Unit) -> BackupPlan:
        """Schedule and retention."""
        return store.read_stored(unit, self.settings, PLAN, BackupPlan)

    def newest(self, server: S, unit: Unit) -> datetime | None:
        """Tell when the newest verified backup of the folder was made; None where there is none. Everyone may know."""
        found = newest_of(self.shelf(server, unit).items())
        if self.is_shared(unit):  # another home on this database made it, perhaps, in its own folder
            made = store.read_stored(unit, self.settings, LAST, LastBackup).created
            return max((one for one in (found, made) if one is not None), default=None)
        return found

    def is_shared(self, unit: Unit) -> bool:
        """Whether the database is behind a server, where no backup of a home holds it."""
        return bool(unit.session.get_bind().dialect.name != "sqlite")

    def refresh(self, server: S, unit: Unit) -> None:
        """Make the alerts about backups true."""
        self.alerts(unit, list(self.wanted(server, unit)))

    def wanted(self, server: S, unit: Unit) -> Iterator[Wanted]:
        """The alerts that the backups demand now."""
        yield from copy_alert(self.source, store.read_stored(unit, self.settings, COPY, LastCopy))
        since, row = store.changed_at(unit, self.settings, PLAN), self.tasks
        if since is None or not self.has_passphrase(unit):
            return  # backups are made in another way, if at all
        newest = self.newest(server, unit)
        # One that runs has not ended yet what the one before it said, nor does one that was stopped.
        query = select(row).where(row.kind == MAKE, row.state.in_(("done", "failed"))).order_by(row.asked_at.desc())
        last = unit.session.scalars(query.limit(1)).first()
        failure = None
        if last is not None and last.state == "failed" and (newest is None or newest < last.asked_at):
            failure = (last.asked_at, (last.error or {}).get("message") or "see the task")
        yield from wanted_alerts(unit.now, self.source, self.plan(unit).every, since, newest, failure)

    def open(self, server: S, actor: Actor) -> tuple[Shelf, bytes, BackupPlan]:
        """The backups, the passphrase and the plan, for an actor who may touch them; NoPassphraseError."""
        with server.database.read(actor) as unit:
            self.authorize(unit)
            return self.shelf(server, unit), self.passphrase(server, unit), self.plan(unit)

    def under_way(self, unit: Unit, kind: str) -> bool:
        """Whether a task of this kind waits or runs."""
        query = select(self.tasks.id).where(self.tasks.kind == kind, self.tasks.state.in_(tasks.OPEN))
        return unit.session.scalars(query).first() is not None

    def has_passphrase(self, unit: Unit) -> bool:
        """Whether a passphrase is set."""
        return store.has_secret(unit, self.settings, PLAN)

    def need_passphrase(self, unit: Unit) -> None:
        """Refuse who may not touch backups, and where no passphrase is set; NoPassphraseError."""
        self.authorize(unit)
        if not self.has_passphrase(unit):
            raise NoPassphraseError

    def passphrase(self, server: S, unit: Unit) -> bytes:
        """The passphrase that is set; NoPassphraseError."""
        found = store.read_secret(unit, self.settings, PLAN, self.box(server))
        if not found:
            raise NoPassphraseError
        return found.encode()


def newest_of(items: Sequence[Kept]) -> datetime | None:
    """When the newest verified one of them was made."""
    return next((one.created for one in items if one.good), None)
