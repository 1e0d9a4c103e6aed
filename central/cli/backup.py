"""`central backup | restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from central import __version__
from central.cli.base import group, home, opened
from central.runtime import DATABASE_FILE, MIGRATIONS, open_central, settle_restore
from exchange.carried import change_of
from serverkit.backup.cli import Opened, add_backup_commands
from serverkit.backup.service import Product

PRODUCT = Product("central", __version__, DATABASE_FILE, MIGRATIONS, change_of)


def _opened(context: click.Context) -> Opened:
    server = opened(context)
    return server.home, server.database.engine, server.clock


def _finish(folder: Path) -> dict[str, Any]:
    server = open_central(folder)
    server.database.dispose()
    return {
        "restored": True,
        "next": "Make the authorization file of every satellite anew: `central satellite authorize`.",
    }


add_backup_commands(group, PRODUCT, home, _opened, settle_restore, _finish)
