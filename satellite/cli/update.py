"""`satellite update` (row B16)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from satellite.actions import updates as actions
from satellite.cli.base import FILE, group, opened, readable, shows
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import CliState, emit
from serverkit.db.unit import Unit
from serverkit.updates.errors import UpdateFailedError
from serverkit.updates.install import INSTALLED


@group.group("update", help="Offline updates: files that the vendor's release key signed.")
def update() -> None:
    """Hold the commands of updates."""


@shows(update, "show", "Show the version that runs, the helper, and what became of the last update.")
def update_show(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show what is known of updates."""
    return actions.show_updates(unit)


@update.command("verify", help="Verify an update file, and that it fits this machine; nothing is changed.")
@click.argument("file", type=FILE)
@click.pass_context
def update_verify(context: click.Context, file: Path) -> None:
    """Verify an update file."""
    server = opened(context)
    with readable(file) as open_file:
        emit(context, actions.check_update_file(server, OPERATOR, open_file))


@update.command("apply", help="Verify an update file, make a backup, and have the root helper install it.")
@click.argument("file", type=FILE)
@click.pass_context
def update_apply(context: click.Context, file: Path) -> None:
    """Install an update."""
    server = opened(context)
    shown = not context.ensure_object(CliState).json and sys.stderr.isatty()

    def tell(stage: str) -> None:
        if shown:
            click.echo(f"{stage.replace('_', ' ')} …", err=True)

    with readable(file) as open_file:
        found = actions.install_update_file(server, OPERATOR, open_file, tell)
    if found["outcome"] != INSTALLED:
        raise UpdateFailedError(
            "{outcome}: {reason}", outcome=found["outcome"].replace("_", " "), reason=found["reason"]
        )
    emit(context, found)
