"""`satellite backup | restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.cli.base import group, home, opened
from satellite.runtime import BACKUPS, open_satellite, settle_restore
from serverkit.backup.cli import Opened, add_backup_commands


def _opened(context: click.Context) -> Opened:
    server = opened(context)
    return server.home, server.database.engine, server.clock


def _finish(folder: Path) -> dict[str, Any]:
    server = open_satellite(folder)
    server.database.dispose()
    return {"restored": True, "next": "Make a registration file and have central resynchronize this satellite."}


add_backup_commands(group, BACKUPS, home, _opened, settle_restore, _finish)
