"""A satellite at run time: home, settings, clock, database, keys, anchor."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import satellite
from exchange.carried import change_of
from exchange.trust import Trust
from satellite.core.alerts.services import refresh_alerts
from satellite.core.base import last_change
from satellite.core.operations.models import ClockRow, CommitMark
from satellite.core.site.queries import found_site, site_of
from satellite.keyring import TRUST, KeyRing
from satellite.settings import PREFIX, SatelliteSettings
from satellite.sync.anchor import Anchor, AnchorDamagedError
from serverkit.actor import SYSTEM
from serverkit.backup.service import Product
from serverkit.clock import Clock
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError, DatabaseForeignError, ServerRunningError
from serverkit.home import HomeKind, anchor_folder, state_elsewhere
from serverkit.locks import Lock, is_held, on_database
from serverkit.settings_file import load_settings

DATABASE_FILE = "satellite.db"
HOMES = HomeKind(
    "satellite",
    DATABASE_FILE,
    TRUST,
    Path(satellite.__file__).parent / "migrations",
    ClockRow,
    CommitMark,
    lambda keys: KeyRing(keys).trust.root.lab,
)

BACKUPS = Product("satellite", satellite.__version__, HOMES.database, HOMES.migrations, change_of)
"""What a backup of a satellite holds, and which ones it restores."""


@dataclass(frozen=True)
class Satellite:
    """One satellite."""

    home: Path
    settings: SatelliteSettings
    clock: Timekeeper
    database: Database
    keyring: KeyRing
    anchor: Anchor

    def is_restored(self, unit: Unit) -> bool:
        """Whether this machine was restored from an older copy; AnchorUnreadableError where that is unknown."""
        site = site_of(unit)
        try:
            ahead = self.anchor.is_ahead(site.epoch, site.last_seq, site.applied_rseq, last_change(unit))
        except AnchorDamagedError:
            return True  # renewals go on, as after a restore; the doctor distinguishes the two
        if ahead:
            with suppress(AppError):  # a full disk takes the mark later
                self.anchor.mark_restored(site.epoch)
        return ahead

    @property
    def is_shared(self) -> bool:
        """Whether another home could work on the database."""
        return self.database.engine.dialect.name != "sqlite"

    @property
    def state_elsewhere(self) -> list[Path]:
        """Folders of this home's state that stand outside it."""
        return state_elsewhere(self.settings)

    def missing_keys(self) -> list[str]:
        """Key files that this satellite needs and does not find."""
        with self.database.read(SYSTEM) as unit:
            site = site_of(unit)
            return self.keyring.missing([site.identity_key_id, site.device_ca_key_id])

    def raise_anchor(self) -> str:
        """Raise the anchor, so that an older copy is recognized even without a synchronization; the result of the job."""
        with self.database.read(SYSTEM) as unit:
            site, change = site_of(unit), last_change(unit)
            reached = (site.epoch, site.last_seq, site.applied_rseq, change)
            if self.is_restored(unit):
                return "this satellite was restored from an older copy"
        self.anchor.write(*reached)
        return f"change {change}"

    def anchor_after_commit(self, unit: Unit, trust: Trust | None = None) -> None:
        """After the commit of this unit, store the root that a file brought, then raise the anchor.

        The one place of the order "commit, then anchor, then release the file": a file leaves after the unit has ended.
        """
        site = site_of(unit)
        reached = (site.epoch, site.last_seq, site.applied_rseq)
        if trust is not None:
            unit.after_commit.append(lambda: self.keyring.adopt_trust(trust))
        unit.after_commit.append(lambda: self.anchor.write(*reached))

    def refresh_alerts(self, unit: Unit) -> None:
        """Refresh every alert."""
        refresh_alerts(unit, self.keyring.trust.root, restored=self.is_restored(unit))


def assemble(home: Path, clock: Clock | None = None) -> Satellite:
    """Assemble a satellite without checking that it was set up."""
    settings = load_settings(SatelliteSettings, home, PREFIX)
    database, anchor = HOMES.database_of(home, settings, clock), Anchor(anchor_folder(home, settings), home)
    server = Satellite(home, settings, database.clock, database, KeyRing(home / "keys"), anchor)
    database.settle = server.refresh_alerts
    return server


def open_satellite(home: Path) -> Satellite:
    """Open a satellite that was set up; its database must have the version of this program."""
    HOMES.check(home, lambda: _mark_restored(home))
    server = assemble(home)
    HOMES.check_version(server.database)
    refuse_other_home(server)
    return server


def refuse_other_home(server: Satellite) -> None:
    """Refuse a database whose satellite has its keys in another home, before anything is concluded from it.

    An embedded database is in its home and is no other's; a key that is lost there is named as missing.
    """
    if not server.is_shared:
        return
    with server.database.read(SYSTEM) as unit:
        site = found_site(unit)
        wanted = set() if site is None else {site.identity_key_id, site.device_ca_key_id}
    here = server.keyring.key_ids()
    if wanted and not wanted & here and (here or not server.keyring.exists):
        raise DatabaseForeignError("the database is that of a satellite whose keys are not in this home")


def refuse_second_server(server: Satellite) -> None:
    """Refuse to serve beside another home's server: a copy of a home, keys included, passes for the original."""
    if is_held(server.database.engine, Lock.SERVING):
        raise ServerRunningError(
            "a server of another home, perhaps a copy of this one, works on this database",
            remedy="Stop the other server, or serve from its home; a satellite has one home.",
        )


def serving_alone(server: Satellite) -> AbstractContextManager[None]:
    """Hold the database for this home's server, as long as the block runs."""
    return on_database(server.database.engine, Lock.SERVING)


def settle_restore(home: Path) -> None:
    """Finish a restore that was interrupted."""
    HOMES.settle_restore(home, lambda: _mark_restored(home))


def _mark_restored(home: Path) -> None:
    server = assemble(home)  # with the restored settings, which name the anchor and the database
    try:
        with server.database.read(SYSTEM) as unit:
            epoch = site_of(unit).epoch
        server.anchor.mark_restored(epoch)
    finally:
        server.database.dispose()
