"""What every command of a satellite needs: the home, and a unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chassis.actor import OPERATOR
from chassis.cli import home_of
from chassis.db.unit import Unit
from chassis.log import configure_logging
from chassis.program import Program
from satellite.core.accounts.queries import virtual_account
from satellite.runtime import Satellite, open_satellite

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Program, help="The customer's side: an isolated site with its devices, tokens and synchronization.")
def group() -> None:
    """Hold the commands of a satellite."""


def home(context: click.Context) -> Path:
    """The state folder that the command works on."""
    return home_of(context, "satellite")


def opened(context: click.Context) -> Satellite:
    """The satellite of this home."""
    made = open_satellite(home(context))
    context.call_on_close(made.database.dispose)
    configure_logging(made.settings.log.level)
    return made


@contextmanager
def writing(context: click.Context) -> Iterator[tuple[Satellite, Unit]]:
    """A unit of work that is committed when the command succeeds."""
    made = opened(context)
    with made.database.write(OPERATOR) as unit:
        yield made, unit


@contextmanager
def reading(context: click.Context) -> Iterator[tuple[Satellite, Unit]]:
    """A unit of work that only looks."""
    made = opened(context)
    with made.database.read(OPERATOR) as unit:
        yield made, unit


def chosen(unit: Unit, name: str | None) -> str | None:
    """The id of a virtual account where it was named."""
    return virtual_account(unit, name).id if name is not None else None
