"""Use cases of the server as a whole: migrating its database, finishing a restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from central.runtime import assemble, create_database, open_central
from serverkit.db.migrate import current, require
from serverkit.errors import HomeMissingError


def migrate_database(home: Path) -> dict[str, Any]:
    """Migrate the database to this version of the program; a copy is made first."""
    server = assemble(home)
    try:
        if not server.keyring.exists:
            raise HomeMissingError("there is no central in this home")
        require(server.database.engine)
        before = current(server.database.engine)
        create_database(server)
        return {"before": before, "now": current(server.database.engine)}
    finally:
        server.database.dispose()


def finish_restore(home: Path) -> dict[str, Any]:
    """Open a restored central, which starts a new epoch for every satellite."""
    open_central(home).database.dispose()
    return {
        "restored": True,
        "next": "Create new authorization files for all satellites with `central satellite authorize`.",
    }
