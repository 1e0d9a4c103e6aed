"""What every command of central needs: the home, and a unit of work."""

from __future__ import annotations

import click

from central.runtime import Central, open_central
from serverkit.cli.opening import FILE, Opener
from serverkit.cli.program import Program

__all__ = ["FILE", "group", "home", "opened", "reading", "writing"]


@click.group(cls=Program, help="The vendor's side: accounts, licence inventory, satellites, alerts.")
def group() -> None:
    """Hold the commands of central."""


_OPENER = Opener[Central]("central", open_central)
home, opened = _OPENER.home, _OPENER.opened
writing, reading = _OPENER.writing, _OPENER.reading
