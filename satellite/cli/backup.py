"""`satellite backup | restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from chassis.backup.cli import Opened, add_backup_commands
from chassis.backup.service import Product
from satellite import __version__
from satellite.cli.base import group, home, opened
from satellite.runtime import DATABASE_FILE, MIGRATIONS, open_satellite, settle_restore

PRODUCT = Product("satellite", __version__, DATABASE_FILE, MIGRATIONS)


def _opened(context: click.Context) -> Opened:
    made = opened(context)
    return made.home, made.database.engine, made.clock


def _finish(folder: Path) -> dict[str, Any]:
    made = open_satellite(folder)
    made.database.dispose()
    return {"restored": True, "next": "Make a registration file and have central resynchronize this satellite."}


add_backup_commands(group, PRODUCT, home, _opened, settle_restore, _finish)
