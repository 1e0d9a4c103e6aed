"""A central that is put together: home, settings, clock, database, keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import central
from central.domain.operations.models import ClockRow
from central.keyring import KeyRing
from central.settings import PREFIX, CentralSettings
from chassis.clock import Clock, open_clock
from chassis.db import migrate
from chassis.db.engine import make_engine
from chassis.db.timekeeper import Timekeeper
from chassis.db.unit import Database
from chassis.errors import HomeExistsError, HomeMissingError
from chassis.settings import load_settings

MIGRATIONS = Path(central.__file__).parent / "migrations"
DATABASE_FILE = "central.db"


@dataclass(frozen=True)
class Central:
    """One central."""

    home: Path
    settings: CentralSettings
    clock: Timekeeper
    database: Database
    keyring: KeyRing


def assemble(home: Path, clock: Clock | None = None) -> Central:
    """Put a central together without looking whether it was set up."""
    settings = load_settings(CentralSettings, home, PREFIX)
    url = settings.database.url or f"sqlite:///{home / DATABASE_FILE}"
    engine = make_engine(url, settings.database.busy_seconds)
    used = Timekeeper(clock or open_clock(home), engine, ClockRow)
    return Central(home, settings, used, Database(engine, used, home / "write.lock"), KeyRing(home / "keys"))


def open_central(home: Path) -> Central:
    """Open a central that was set up; its database must be of this program's form."""
    if not KeyRing(home / "keys").exists:
        raise HomeMissingError("there is no central in this home")
    made = assemble(home)
    migrate.check(made.database.engine, MIGRATIONS)
    return made


def prepare_home(home: Path) -> None:
    """Make the folder of a new central; refuse one that is in use."""
    if KeyRing(home / "keys").exists or (home / DATABASE_FILE).exists():
        raise HomeExistsError("there is a central in this home already")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)


def create_database(made: Central) -> None:
    """Bring the database to this program's form."""
    migrate.upgrade(made.database.engine, MIGRATIONS)
