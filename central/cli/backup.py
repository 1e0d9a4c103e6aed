"""`central backup | restore`."""

from __future__ import annotations

import click

from central import __version__
from central.actions.server import finish_restore, verify_scratch
from central.cli.base import group, home, opened
from central.runtime import HOMES, settle_restore
from exchange.carried import change_of
from serverkit.backup.cli import Opened, add_backup_commands
from serverkit.backup.service import Product

PRODUCT = Product("central", __version__, HOMES.database, HOMES.migrations, change_of)


def _opened(context: click.Context) -> Opened:
    server = opened(context)
    return server.home, server.database.engine, server.clock


add_backup_commands(group, PRODUCT, home, _opened, settle_restore, finish_restore, verify_scratch)
