"""`satellite time | clock | timesync` (rows S1.3, S3.5)."""

from __future__ import annotations

import click

from satellite.actions.time import ACTS, propose_time_server, synchronize_time
from satellite.cli.base import group, opened
from serverkit.actor import OPERATOR
from serverkit.cli.base import CliState, emit
from serverkit.cli.time import add_time_commands

add_time_commands(group, ACTS, opened)


@group.command("timesync", help="Propose a time server, measure against it, and keep it; the system sets the clock.")
@click.option("--server", "name", metavar="HOST[:PORT]", help="Instead of the server that is proposed.")
@click.option("--yes", is_flag=True, help="Take the proposed server without a question.")
@click.pass_context
def timesync(context: click.Context, name: str | None, *, yes: bool) -> None:
    """Measure against a time server."""
    server = opened(context)
    if name is None:
        with server.database.read(OPERATOR) as unit:
            name = propose_time_server(unit)
        if not name:
            raise click.UsageError("no time server is known here; name one with --server")
        if not yes:
            if not context.ensure_object(CliState).may_ask:
                raise click.UsageError(f"{name} is proposed; take it with --yes, or name another one with --server")
            click.confirm(f"Measure against {name}?", default=True, abort=True)
    found = synchronize_time(server, OPERATOR, name)
    emit(context, found)
    if not found["synchronized"]:
        context.exit(1)
