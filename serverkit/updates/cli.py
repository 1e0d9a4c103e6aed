"""`update show | verify | apply`: the same commands for both servers (row B16)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.cli.base import CliState, Group, emit
from serverkit.cli.opening import FILE, Opener, readable
from serverkit.cli.opening import Server as Opened
from serverkit.db.unit import Unit
from serverkit.updates.acts import UpdateActs, Updating
from serverkit.updates.errors import UpdateFailedError
from serverkit.updates.install import INSTALLED


class _Server(Opened, Updating, Protocol):
    """A server that was set up and can be updated."""


S = TypeVar("S", bound=_Server)


def add_update_commands(group: Group, acts: UpdateActs[S], opener: Opener[S]) -> None:
    """Add the group `update`."""
    update = Group("update", help="Offline updates: files that the vendor's release key signed.")
    group.add_command(update)

    @opener.shows(update, "show", "Show the version that runs, the helper, and what became of the last update.")
    def show(_server: S, unit: Unit) -> dict[str, Any]:
        """Show what is known of updates."""
        return acts.show(unit)

    @update.command("verify", help="Verify an update file, and that it fits this machine; nothing is changed.")
    @click.argument("file", type=FILE)
    @click.pass_context
    def verify(context: click.Context, file: Path) -> None:
        """Verify an update file."""
        server = opener.opened(context)
        with readable(file) as open_file:
            emit(context, acts.check_file(server, OPERATOR, open_file))

    @update.command("apply", help="Verify an update file, make a backup, and have the root helper install it.")
    @click.argument("file", type=FILE)
    @click.pass_context
    def apply(context: click.Context, file: Path) -> None:
        """Install an update."""
        server = opener.opened(context)
        shown = not context.ensure_object(CliState).json and sys.stderr.isatty()

        def tell(stage: str) -> None:
            if shown:
                click.echo(f"{stage.replace('_', ' ')} …", err=True)

        with readable(file) as open_file:
            found = acts.install_file(server, OPERATOR, open_file, tell)
        if found["outcome"] != INSTALLED:
            raise UpdateFailedError(
                "{outcome}: {reason}", outcome=found["outcome"].replace("_", " "), reason=found["reason"]
            )
        emit(context, found)
