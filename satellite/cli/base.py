"""What every command of a satellite needs: the home, and a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from satellite.runtime import Satellite, open_satellite
from serverkit.cli.opening import FILE, Opener
from serverkit.cli.program import Program
from serverkit.errors import FileUnreadableError

__all__ = ["FILE", "OPENER", "group", "home", "opened", "readable", "reading", "shows", "writing"]


@click.group(cls=Program, help="Manage a satellite: the devices, tokens and synchronization of an isolated site.")
def group() -> None:
    """Hold the commands of a satellite."""


OPENER = Opener[Satellite]("satellite", open_satellite)
home, opened = OPENER.home, OPENER.opened
writing, reading, shows = OPENER.writing, OPENER.reading, OPENER.shows


@contextmanager
def readable(file: Path) -> Iterator[Callable[[], AbstractContextManager[BinaryIO]]]:
    """How to open a file that a command was given; FileUnreadableError where that fails."""
    try:
        yield lambda: file.open("rb")
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name, reason=error.strerror) from error
