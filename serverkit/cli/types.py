"""Types of command options and arguments: times, whole numbers, durations, output files."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from serverkit.clock import parse_duration, parse_time
from serverkit.errors import AppError
from serverkit.files import refuse_unwritable
from serverkit.owner import refuse_state

_INTEGER = re.compile(r"-?[0-9]{1,18}")


class TimeType(click.ParamType[datetime]):
    """An ISO 8601 time with a zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        try:
            return value if isinstance(value, datetime) else parse_time(str(value))
        except AppError as error:
            self.fail(error.message, param, ctx)


class IntegerType(click.ParamType[int]):
    """A whole number in ASCII digits: no grouping, no point, no digits of other scripts."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        if isinstance(value, int):
            return value
        if not _INTEGER.fullmatch(str(value)):
            self.fail(f"{str(value)[:40]!r} is not a whole number of at most 18 digits", param, ctx)
        return int(value)


class DurationType(click.ParamType[timedelta]):
    """A duration such as 90d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        try:
            return value if isinstance(value, timedelta) else parse_duration(str(value))
        except AppError as error:
            self.fail(error.message, param, ctx)


class OutputType(click.Path):
    """An output file; one that cannot be written is refused before anything changes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the place of the file."""
        path = super().convert(value, param, ctx)
        target = Path(os.fsdecode(path))
        refuse_unwritable(target)
        refuse_state(target)
        return path


INTEGER = IntegerType()
OUTPUT = OutputType(path_type=Path, dir_okay=False)
TIME = TimeType()
DURATION = DurationType()
