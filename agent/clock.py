"""The one place where the agent reads the clock; licence time is kept in the device's folder.

A laboratory clock can be moved: advanced time counts as elapsed, a jump does not.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from agent.errors import FileUnreadableError, InvalidInputError, NotALabError, StateDamagedError
from agent.files import write_atomic
from agent.licence_time import reply
from exchange.licence_time import Mark, Moment, Reading, first_mark, judge

LAB_FILE = "lab-clock.json"
MARK_FILE = "clock.json"
FIRST_YEAR, LAST_YEAR = 1970, 9000
_FAR = f"the clock would leave the years from {FIRST_YEAR} to {LAST_YEAR}"
KEPT_EVERY = timedelta(minutes=1)
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COUNT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _boot_of_this_machine() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "unknown"


_BOOT = _boot_of_this_machine()


def _uptime() -> timedelta:
    return timedelta(seconds=time.clock_gettime(_COUNT))


class DeviceClock:
    """The system clock with licence time, and the offset of a laboratory clock if the folder has one."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the device's (or the fleet's) state folder."""
        self._file = folder / LAB_FILE
        self._mark_file = folder / MARK_FILE
        self._mark: Mark | None = None
        self._kept: Mark | None = None
        self._writing = Lock()

    def now(self) -> datetime:
        """Return the present time, aware, in UTC; it advances whatever the clock does."""
        return self.read().now

    def licence_now(self) -> datetime:
        """Return licence time, which decides when rights end: a clock that is set back revives none, a jump ends none."""
        return self.read().licence_now

    def read(self) -> Reading:
        """Read the clock and judge it."""
        moment = self._moment()
        if self._mark is None:
            self._mark = self._kept = self._load()
        reading = judge(self._mark or first_mark(moment), moment)
        self._mark = reading.mark
        return reading

    def system(self) -> datetime:
        """Return what the clock says, believed or not."""
        return self._moment().system

    def heard(self, said: datetime, asked: datetime) -> None:
        """Take over the time of a verified answer."""
        reading = self.read()
        self._mark = reply(reading.mark, self._moment(), said, asked)
        self.keep()

    def at_least(self, at: datetime) -> None:
        """Start from a known time if no mark is stored, for example because its file was removed."""
        if self.read() and self._kept is None and self._mark is not None and self._mark.at < at:
            moment = self._moment()
            self._mark = Mark(at, at, moment.boot, moment.uptime, at)

    def keep(self, *, always: bool = False) -> None:
        """Store licence time if it advanced by a minute or changed in another way; or in any case."""
        mark = self.read().mark
        kept = self._kept
        if (
            always
            or kept is None
            or (mark.boot, mark.provisional) != (kept.boot, kept.provisional)
            or abs(mark.at - kept.at) >= KEPT_EVERY
        ):
            with self._writing:
                write_atomic(self._mark_file, _to_json(mark))
                self._kept = mark

    def is_lab(self) -> bool:
        """Say whether this clock can be moved."""
        return self._file.exists()

    def make_lab(self) -> None:
        """Turn this clock, for good, into one that can be moved."""
        if not self.is_lab():
            write_atomic(self._file, b'{"offset_seconds":0}\n')
            self._mark = self._kept = None
            self._mark_file.unlink(missing_ok=True)

    def set(self, at: datetime) -> datetime:
        """Set a laboratory's clock. Forward, the time between passes; back, the clock is wrong from then on."""
        moved = at - (datetime.now(UTC) + self._lab()["offset"])
        return self._move(moved, max(moved, timedelta(0)))

    def advance(self, by: timedelta) -> datetime:
        """Let time pass in a laboratory."""
        return self._move(by, by)

    def jump(self, by: timedelta, *, reboot: bool = False) -> datetime:
        """Make a laboratory's clock wrong by so much: no time passes; with `reboot`, while the device was off."""
        return self._move(by, timedelta(0), reboot=reboot)

    def _move(self, by: timedelta, passed: timedelta, *, reboot: bool = False) -> datetime:
        if not self.is_lab():
            raise NotALabError("this device's clock follows the system and cannot be moved")
        lab = self._lab()
        _require_range(lab["offset"] + by)
        data = {
            "offset_seconds": (lab["offset"] + by).total_seconds(),
            "passed_seconds": (lab["passed"] + passed).total_seconds(),
            "boots": lab["boots"] + reboot,
            "since_seconds": (_uptime() + lab["passed"] if reboot else lab["since"]).total_seconds(),
        }
        self.keep(always=True)
        write_atomic(self._file, json.dumps(data).encode() + b"\n")
        self.keep(always=True)
        return self.system()

    def _moment(self) -> Moment:
        lab = self._lab()
        boot = f"{_BOOT}/{lab['boots']}" if lab["is_lab"] else _BOOT
        uptime = max(timedelta(0), _uptime() + lab["passed"] - lab["since"])
        return Moment(datetime.now(UTC) + lab["offset"], boot, uptime)

    def _lab(self) -> dict[str, Any]:
        try:
            data = json.loads(self._file.read_bytes())
            times = {name: timedelta(seconds=float(data.get(f"{name}_seconds", 0))) for name in ("passed", "since")}
            offset = timedelta(seconds=float(data["offset_seconds"]))
            return {**times, "offset": offset, "boots": int(data.get("boots", 0)), "is_lab": True}
        except FileNotFoundError:
            return _NO_LAB
        except OSError as error:
            raise FileUnreadableError(
                "cannot read {name}: {reason}", name=self._file.name, reason=error.strerror
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise StateDamagedError("{name} is not the clock of a laboratory", name=self._file.name) from error

    def _load(self) -> Mark | None:
        try:
            return _from_json(self._mark_file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileUnreadableError(
                "cannot read {name}: {reason}", name=self._mark_file.name, reason=error.strerror
            ) from error


_NO_LAB: dict[str, Any] = {
    "passed": timedelta(0),
    "since": timedelta(0),
    "offset": timedelta(0),
    "boots": 0,
    "is_lab": False,
}


def _require_range(offset: timedelta) -> None:
    try:
        year = (datetime.now(UTC) + offset).year
    except OverflowError as error:
        raise InvalidInputError(_FAR) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInputError(_FAR)


def _to_json(mark: Mark) -> bytes:
    data = {
        "mark": mark.at.isoformat(),
        "sure": mark.sure.isoformat(),
        "boot": mark.boot,
        "uptime_seconds": mark.uptime.total_seconds(),
        "anchor": mark.anchor.isoformat(),
        "provisional": mark.provisional,
    }
    return json.dumps(data, sort_keys=True).encode() + b"\n"


def _from_json(data: bytes) -> Mark | None:
    # A damaged file is as good as none: the state of the device, not this file, says what it may use.
    try:
        found = json.loads(data)
        mark, sure, anchor = (
            datetime.fromisoformat(found[name]).astimezone(UTC) for name in ("mark", "sure", "anchor")
        )
        if not FIRST_YEAR <= min(mark, sure, anchor).year <= max(mark, sure, anchor).year <= LAST_YEAR:
            return None
        uptime = timedelta(seconds=float(found["uptime_seconds"]))
        return Mark(mark, sure, str(found["boot"]), uptime, anchor, bool(found["provisional"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90d`, `36h`, `P30D` or `1d12h`; InvalidInputError otherwise."""
    plain = text.lower().removeprefix("p").replace("t", "")
    parts = _DURATION.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise InvalidInputError("{text!r} is not a duration such as 90d, 36h or 15m", text=text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))
