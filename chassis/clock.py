"""The only place where a server reads the clock. A laboratory's clock can be moved; nothing else differs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from chassis.errors import InvalidInputError, NotALabError
from chassis.files import write_atomic

LAB_FILE = "lab-clock.json"
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present time, aware, in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands until it is moved; for tests."""

    at: datetime

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.at += by


class LabClock:
    """The machine's clock plus an offset in a file; a running server follows it."""

    def __init__(self, path: Path) -> None:
        """`path` is the file with the offset."""
        self._path = path

    def now(self) -> datetime:
        """The laboratory's present time, aware, in UTC."""
        return datetime.now(UTC) + self._offset()

    def _offset(self) -> timedelta:
        try:
            return timedelta(seconds=int(json.loads(self._path.read_bytes())["offset_seconds"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotALabError("the laboratory clock's file is damaged") from error


def is_lab(home: Path) -> bool:
    """Say whether a home was made as a laboratory."""
    return (home / LAB_FILE).exists()


def open_clock(home: Path) -> Clock:
    """The clock of a home."""
    return LabClock(home / LAB_FILE) if is_lab(home) else SystemClock()


def make_lab(home: Path) -> None:
    """Mark a home as a laboratory, for its life."""
    _save(home, timedelta(0))


def set_lab_clock(home: Path, at: datetime) -> datetime:
    """Set a laboratory's clock; it runs on from there."""
    _require(home)
    return _save(home, at - datetime.now(UTC))


def advance_lab_clock(home: Path, by: timedelta) -> datetime:
    """Move a laboratory's clock on."""
    _require(home)
    return _save(home, LabClock(home / LAB_FILE).now() + by - datetime.now(UTC))


def _require(home: Path) -> None:
    if not is_lab(home):
        raise NotALabError("this home follows the system's clock")


def _save(home: Path, offset: timedelta) -> datetime:
    seconds = round(offset.total_seconds())
    write_atomic(home / LAB_FILE, json.dumps({"offset_seconds": seconds}).encode() + b"\n")
    return LabClock(home / LAB_FILE).now()


def iso(at: datetime) -> str:
    """A time as text: whole seconds, UTC, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_iso(at: datetime | None) -> str | None:
    """A time as text, or None."""
    return iso(at) if at is not None else None


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with a zone; InvalidInputError otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not an ISO 8601 time such as 2027-01-31T12:00:00Z") from error
    if at.tzinfo is None:
        raise InvalidInputError(f"{text!r} names no zone; add Z for UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError(f"{text!r} is out of range") from error


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90d`, `36h`, `1d12h` or `P30D`; InvalidInputError otherwise."""
    plain = text.lower().removeprefix("p").replace("t", "")
    parts = _DURATION.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise InvalidInputError(f"{text!r} is not a duration such as 90d, 36h or 15m")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))
