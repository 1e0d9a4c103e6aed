"""The only place where a server reads the clock. A laboratory's clock can be moved; nothing else differs (rows S1.3, B14).

What the machine says is a `Moment`: its clock, which boot this is, and how long that boot has lasted. What of it is
believed is decided by `exchange.licence_time`.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from serverkit.dates import FIRST_YEAR, LAST_YEAR, impossible_day
from serverkit.errors import InvalidInputError, LabClockForeignError, LabClockMissingError, NotALabError
from serverkit.files import write_atomic
from serverkit.licence_time import Moment

LAB_FILE = "lab-clock.json"
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present time, aware, in UTC."""
        ...

    def moment(self) -> Moment:
        """The present time with what tells elapsed time from a moved clock."""
        ...


def _boot_of_this_machine() -> str:
    try:
        return _BOOT_FILE.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "unknown"


_BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")
_BOOT = _boot_of_this_machine()
_COUNT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _uptime() -> timedelta:
    return timedelta(seconds=time.clock_gettime(_COUNT))


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present time, aware, in UTC."""
        return datetime.now(UTC)

    def moment(self) -> Moment:
        """The machine's clock, its boot, and the time since."""
        return Moment(datetime.now(UTC), _BOOT, _uptime())


@dataclass
class FixedClock:
    """A clock that moves only when told to; for tests."""

    at: datetime
    uptime: timedelta = timedelta(0)
    boot: str = "boot"

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def moment(self) -> Moment:
        """The time it was set to, and what passed since it was made."""
        return Moment(self.at, self.boot, self.uptime)

    def advance(self, by: timedelta) -> None:
        """Advance the clock."""
        self.at += by
        self.uptime += by


@dataclass(frozen=True, slots=True)
class _Lab:
    """What a laboratory's file holds: how far the clock was moved, how much time was made to pass, its boots."""

    offset: timedelta = timedelta(0)
    passed: timedelta = timedelta(0)
    boots: int = 0
    since: timedelta = timedelta(0)

    def to_json(self) -> bytes:
        """As it is kept, in seconds to the microsecond: a clock set to a time never reads an earlier one."""
        data = {
            "offset_seconds": self.offset.total_seconds(),
            "passed_seconds": self.passed.total_seconds(),
            "boots": self.boots,
            "since_seconds": self.since.total_seconds(),
        }
        return json.dumps(data).encode() + b"\n"


class LabClock:
    """The machine's clock plus an offset in a file; a running server follows it."""

    def __init__(self, path: Path) -> None:
        """`path` is the file with the offset."""
        self._path = path

    def now(self) -> datetime:
        """The laboratory's present time, aware, in UTC."""
        return datetime.now(UTC) + self.read().offset

    def moment(self) -> Moment:
        """The laboratory's time; what was made to pass counts as time in which the machine ran."""
        lab = self.read()
        uptime = max(timedelta(0), _uptime() + lab.passed - lab.since)
        return Moment(datetime.now(UTC) + lab.offset, f"{_BOOT}/{lab.boots}", uptime, lab.offset)

    def read(self) -> _Lab:
        """What the file says; NotALabError when it is damaged."""
        try:
            data = json.loads(self._path.read_bytes())
            passed, since = data.get("passed_seconds", 0), data.get("since_seconds", 0)
            return _Lab(
                timedelta(seconds=float(data["offset_seconds"])),
                timedelta(seconds=float(passed)),
                int(data.get("boots", 0)),
                timedelta(seconds=float(since)),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise NotALabError("the laboratory clock's file is damaged") from error


def is_lab(home: Path) -> bool:
    """Say whether a home was made as a laboratory."""
    return (home / LAB_FILE).exists()


def open_clock(home: Path) -> Clock:
    """The clock of a home."""
    return LabClock(home / LAB_FILE) if is_lab(home) else SystemClock()


def refuse_other_clock(home: Path, *, lab: bool) -> None:
    """Refuse a home whose clock is not of its kind, laboratory or not: what the root of its keys says counts."""
    if lab and not is_lab(home):
        raise LabClockMissingError("{lab_file} is missing", lab_file=LAB_FILE)
    if is_lab(home) and not lab:
        raise LabClockForeignError("{lab_file} is in a home that is not a laboratory", lab_file=LAB_FILE)


def make_lab(home: Path) -> None:
    """Mark a home as a laboratory, for its life."""
    write_atomic(home / LAB_FILE, _Lab().to_json())


def set_lab_clock(home: Path, at: datetime) -> datetime:
    """Set a laboratory's clock. Forward, the time between passes; back, the clock is wrong from then on."""
    lab = _lab_of(home)
    moved = at - (datetime.now(UTC) + lab.offset)
    return _save(home, replace(lab, offset=lab.offset + moved, passed=lab.passed + max(moved, timedelta(0))))


def advance_lab_clock(home: Path, by: timedelta) -> datetime:
    """Let time pass in a laboratory."""
    lab = _lab_of(home)
    return _save(home, replace(lab, offset=lab.offset + by, passed=lab.passed + by))


def jump_lab_clock(home: Path, by: timedelta, *, reboot: bool) -> datetime:
    """Make a laboratory's clock jump while no time passes; with `reboot`, as if the machine was off meanwhile."""
    lab = replace(_lab_of(home), offset=_lab_of(home).offset + by)
    if reboot:
        lab = replace(lab, boots=lab.boots + 1, since=_uptime() + lab.passed)
    return _save(home, lab)


_FAR = f"the clock would leave the years from {FIRST_YEAR} to {LAST_YEAR}"
_MOST_PASSED = timedelta(days=366 * (LAST_YEAR - FIRST_YEAR))


def _lab_of(home: Path) -> _Lab:
    if not is_lab(home):
        raise NotALabError("this home follows the system's clock")
    return LabClock(home / LAB_FILE).read()


def _save(home: Path, lab: _Lab) -> datetime:
    try:
        at = datetime.now(UTC) + lab.offset
    except OverflowError as error:
        raise InvalidInputError(_FAR) from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR or lab.passed > _MOST_PASSED:
        raise InvalidInputError(_FAR)
    write_atomic(home / LAB_FILE, lab.to_json())
    return LabClock(home / LAB_FILE).now()


def iso(at: datetime) -> str:
    """A time as text: whole seconds, UTC, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_iso(at: datetime | None) -> str | None:
    """A time as text, or None."""
    return iso(at) if at is not None else None


def exact_iso(at: datetime | None) -> str | None:
    """A time as text to the microsecond, or None: tells two changes of the same second apart."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at is not None else None


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with a zone; InvalidInputError otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        form = f"{text!r} is not an ISO 8601 time such as 2027-01-31T12:00:00Z"
        raise InvalidInputError(impossible_day(text) or form) from error
    if at.tzinfo is None:
        raise InvalidInputError("{text!r} names no zone; add Z for UTC", text=text)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError("{text!r} is out of range", text=text) from error


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90d`, `36h`, `1d12h` or `P30D`; InvalidInputError otherwise."""
    plain = text.lower().removeprefix("p").replace("t", "")
    parts = _DURATION.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise InvalidInputError("{text!r} is not a duration such as 90d, 36h or 15m", text=text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))


def moment_or_none(text: str | None) -> datetime | None:
    """The moment of an ISO 8601 time with a zone; None for a text that is none, as anyone may type an address."""
    try:
        return parse_time(text) if text else None
    except InvalidInputError:
        return None
