"""The home of a server: what is checked before it is opened, and what every server is assembled from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serverkit.backup.swap import finish_restore, restore_waits
from serverkit.clock import Clock, is_lab, open_clock, refuse_other_clock
from serverkit.db import migrate
from serverkit.db.base import ClockMixin, CommitMarkMixin
from serverkit.db.engine import make_engine
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database
from serverkit.errors import HomeMissingError, KeyFileMissingError, Refusal
from serverkit.faults import arm
from serverkit.founding import founding
from serverkit.locks import FILES, Lock
from serverkit.settings import ServerAppSettings


@dataclass(frozen=True)
class HomeKind:
    """The homes of one kind of server.

    `trust` is the file in `keys` that a home has from its `init` on; `lab_of` says whether the root in the folder of keys
    is a laboratory's, or raises the refusal of a root that cannot be read.
    """

    name: str
    database: str
    trust: str
    migrations: Path
    clock_row: type[ClockMixin]
    marks: type[CommitMarkMixin]
    lab_of: Callable[[Path], bool]

    def database_of(self, home: Path, settings: ServerAppSettings, clock: Clock | None) -> Database:
        """The database of a home, with its clock."""
        wanted = settings.database
        engine = make_engine(wanted.url or home / self.database, wanted.busy_seconds)
        keeper = Timekeeper(clock or open_clock(home), engine, self.clock_row)
        arm(lab=is_lab(home))
        return Database(engine, keeper, home / FILES[Lock.WRITE], self.marks, wanted.failover_seconds)

    def check(self, home: Path, mark_restored: Callable[[], None]) -> None:
        """Before a home is opened: it was set up, no restore is half done, its clock is of the right kind."""
        if not restore_waits(home):
            self._require(home)
        self.settle_restore(home, mark_restored)
        self._check_clock(home)

    def look(self, home: Path) -> None:
        """The same checks for who only looks: nothing that was begun is finished."""
        self._require(home)
        self._check_clock(home)

    def _check_clock(self, home: Path) -> None:
        try:
            lab = self.lab_of(home / "keys")
        except Refusal:
            return  # a damaged root is reported by the code that needs it
        refuse_other_clock(home, lab=lab)

    def settle_restore(self, home: Path, mark_restored: Callable[[], None]) -> None:
        """Finish a restore that was interrupted; `mark_restored` notes it before its last trace goes."""
        arm(lab=is_lab(home))
        finish_restore(home, mark_restored)

    def new_home(self, home: Path) -> AbstractContextManager[None]:
        """Hold the folder of a new server; refuse one that is in use, or that another `init` is making."""
        return founding(home, lambda: self._in_use(home), self.name)

    def migrate(self, database: Database) -> None:
        """Migrate the database to this version."""
        migrate.upgrade(database.engine, self.migrations)

    def migrate_home(self, home: Path, database: Database) -> dict[str, str | None]:
        """Migrate the database of a home that was set up; the versions before and now. The database is closed."""
        try:
            self._require(home)
            migrate.require(database.engine)
            before = migrate.current(database.engine)
            self.migrate(database)
            return {"before": before, "now": migrate.current(database.engine)}
        finally:
            database.dispose()

    def rehearse_migration(self, home: Path, database: Database) -> dict[str, Any]:
        """What `migrate_home` would do, with rows before and after; nothing is kept of it. The database is closed."""
        try:
            self._require(home)
            return {**migrate.rehearse(database.engine, self.migrations), "dry_run": True}
        finally:
            database.dispose()

    def check_version(self, database: Database) -> None:
        """Refuse a database that this version does not work with."""
        migrate.check(database.engine, self.migrations)

    def require_database(self, database: Database) -> None:
        """Refuse where there is no database, or an empty one; DatabaseFailure where it does not answer."""
        migrate.require(database.engine)

    def revision(self) -> str | None:
        """The newest revision of the database that this version works with."""
        return migrate.head(self.migrations)

    def _require(self, home: Path) -> None:
        if not (home / "keys" / self.trust).exists():
            if self._in_use(home):
                raise KeyFileMissingError("keys/{trust} is missing", trust=self.trust)
            raise HomeMissingError("there is no {kind} in this home", kind=self.name)

    def _in_use(self, home: Path) -> bool:
        # The database may be on a server: any key, not only the trust file, then tells that the home was set up.
        keys = home / "keys"
        has_key = keys.is_dir() and any(not path.is_dir() for path in keys.iterdir())
        return has_key or (home / self.database).exists() or restore_waits(home)


def anchor_folder(home: Path, settings: ServerAppSettings) -> Path:
    """Where the rollback anchor of a home is."""
    return Path(settings.anchor.folder) if settings.anchor.folder else home / "anchor"


def state_elsewhere(settings: ServerAppSettings) -> list[Path]:
    """Folders of a home's state that are outside it."""
    return [Path(settings.anchor.folder)] if settings.anchor.folder else []
