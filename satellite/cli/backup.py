"""`satellite backup | restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satellite.actions.backups import ACTS
from satellite.cli.base import OPENER, group
from satellite.runtime import open_satellite, settle_restore
from serverkit.backup.cli import add_backup_commands


def _finish(folder: Path) -> dict[str, Any]:
    server = open_satellite(folder)
    server.database.dispose()
    return {"restored": True, "next": "Make a registration file and have central resynchronize this satellite."}


add_backup_commands(group, ACTS, OPENER, settle_restore, _finish)
