"""What every command of central needs: the home, and a unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from central.runtime import Central, open_central
from serverkit.actor import OPERATOR, Actor
from serverkit.cli.base import home_of
from serverkit.cli.program import Program
from serverkit.db.unit import Unit
from serverkit.log import configure_logging

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Program, help="The vendor's side: accounts, licence inventory, satellites, alerts.")
def group() -> None:
    """Hold the commands of central."""


def home(context: click.Context) -> Path:
    """The state folder that the command works on."""
    return home_of(context, "central")


def opened(context: click.Context) -> Central:
    """The central of this home."""
    server = open_central(home(context))
    context.call_on_close(server.database.dispose)
    configure_logging(server.settings.log.level)
    return server


@contextmanager
def writing(context: click.Context, actor: Actor = OPERATOR) -> Iterator[tuple[Central, Unit]]:
    """A unit of work that is committed when the command succeeds."""
    server = opened(context)
    with server.database.write(actor) as unit:
        yield server, unit


@contextmanager
def reading(context: click.Context) -> Iterator[tuple[Central, Unit]]:
    """A unit of work that only looks."""
    server = opened(context)
    with server.database.read(OPERATOR) as unit:
        yield server, unit
