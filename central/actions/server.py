"""Use cases of the server as a whole: migrating its database, finishing a restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from central.runtime import HOMES, assemble, open_central


def migrate_database(home: Path) -> dict[str, Any]:
    """Migrate the database to this version of the program; a copy is made first."""
    return HOMES.migrate_home(home, assemble(home).database)


def rehearse_migration(home: Path) -> dict[str, Any]:
    """Tell what a migration to this version would do, with the rows of each table; nothing is changed."""
    return HOMES.rehearse_migration(home, assemble(home).database)


def finish_restore(home: Path) -> dict[str, Any]:
    """Open a restored central, which starts a new epoch for every satellite."""
    open_central(home).database.dispose()
    return {
        "restored": True,
        "next": "Create new authorization files for all satellites with `central satellite authorize`.",
    }
