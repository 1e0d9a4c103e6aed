"""What every command of a satellite needs: the home, and a unit of work."""

from __future__ import annotations

import click

from satellite.runtime import Satellite, open_satellite
from serverkit.cli.opening import FILE, Opener, readable
from serverkit.cli.program import Program

__all__ = ["FILE", "OPENER", "group", "home", "opened", "readable", "reading", "shows", "writing"]


@click.group(cls=Program, help="Manage a satellite: the devices, tokens and synchronization of an isolated site.")
def group() -> None:
    """Hold the commands of a satellite."""


OPENER = Opener[Satellite]("satellite", open_satellite)
home, opened = OPENER.home, OPENER.opened
writing, reading, shows = OPENER.writing, OPENER.reading, OPENER.shows
