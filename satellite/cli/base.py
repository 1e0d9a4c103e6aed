"""What every command of a satellite needs: the home, and a unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import home_of
from serverkit.cli.program import Program
from serverkit.db.unit import Unit
from serverkit.log import configure_logging

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Program, help="Manage a satellite: the devices, tokens and synchronization of an isolated site.")
def group() -> None:
    """Hold the commands of a satellite."""


def home(context: click.Context) -> Path:
    """The state folder that the command works on."""
    return home_of(context, "satellite")


def opened(context: click.Context) -> Satellite:
    """The satellite of this home."""
    server = open_satellite(home(context))
    context.call_on_close(server.database.dispose)
    configure_logging(server.settings.log.level)
    return server


@contextmanager
def writing(context: click.Context) -> Iterator[tuple[Satellite, Unit]]:
    """A unit of work that is committed when the command succeeds."""
    server = opened(context)
    with server.database.write(OPERATOR) as unit:
        yield server, unit


@contextmanager
def reading(context: click.Context) -> Iterator[tuple[Satellite, Unit]]:
    """A unit of work that only looks."""
    server = opened(context)
    with server.database.read(OPERATOR) as unit:
        yield server, unit
