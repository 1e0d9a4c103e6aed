"""A satellite that is put together: home, settings, clock, database, keys, anchor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import satellite
from chassis.clock import Clock, open_clock
from chassis.db import migrate
from chassis.db.engine import make_engine
from chassis.db.timekeeper import Timekeeper
from chassis.db.unit import Database, Unit
from chassis.errors import HomeExistsError, HomeMissingError
from chassis.settings import load_settings
from satellite.core.alerts.services import refresh_alerts
from satellite.core.operations.models import ClockRow
from satellite.core.site.queries import site_of
from satellite.keyring import KeyRing
from satellite.settings import PREFIX, SatelliteSettings
from satellite.sync.anchor import Anchor

MIGRATIONS = Path(satellite.__file__).parent / "migrations"
DATABASE_FILE = "satellite.db"


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
        """Whether this machine was put back to an older copy of itself."""
        site = site_of(unit)
        return self.anchor.is_ahead(site.epoch, site.last_seq, site.applied_rseq)

    def refresh_alerts(self, unit: Unit) -> None:
        """Make the alerts true."""
        refresh_alerts(unit, self.keyring.trust.root, restored=self.is_restored(unit))


def assemble(home: Path, clock: Clock | None = None) -> Satellite:
    """Put a satellite together without looking whether it was set up."""
    settings = load_settings(SatelliteSettings, home, PREFIX)
    url = settings.database.url or f"sqlite:///{home / DATABASE_FILE}"
    engine = make_engine(url, settings.database.busy_seconds)
    used = Timekeeper(clock or open_clock(home), engine, ClockRow)
    anchor = Anchor(Path(settings.anchor.folder) if settings.anchor.folder else home / "anchor")
    return Satellite(home, settings, used, Database(engine, used, home / "write.lock"), KeyRing(home / "keys"), anchor)


def open_satellite(home: Path) -> Satellite:
    """Open a satellite that was set up; its database must be of this program's form."""
    if not KeyRing(home / "keys").exists:
        raise HomeMissingError("there is no satellite in this home")
    made = assemble(home)
    migrate.check(made.database.engine, MIGRATIONS)
    return made


def prepare_home(home: Path) -> None:
    """Make the folder of a new satellite; refuse one that is in use."""
    if KeyRing(home / "keys").exists or (home / DATABASE_FILE).exists():
        raise HomeExistsError("there is a satellite in this home already")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)


def create_database(made: Satellite) -> None:
    """Bring the database to this program's form."""
    migrate.upgrade(made.database.engine, MIGRATIONS)
