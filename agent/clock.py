"""The one place where the agent reads the clock; a laboratory's clock can be moved."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.errors import InvalidInputError, NotALabError
from agent.files import write_atomic

LAB_FILE = "lab-clock.json"
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class DeviceClock:
    """The system's clock, plus the offset of a laboratory where the folder has one."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the device's (or the fleet's) state folder."""
        self._file = folder / LAB_FILE

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return datetime.now(UTC) + self._offset()

    def is_lab(self) -> bool:
        """Say whether this clock can be moved."""
        return self._file.exists()

    def make_lab(self) -> None:
        """Turn this clock, for good, into one that can be moved."""
        if not self.is_lab():
            write_atomic(self._file, b'{"offset_seconds":0}\n')

    def set(self, at: datetime) -> datetime:
        """Move a laboratory's clock to `at`."""
        self._require_lab()
        return self._save(at - datetime.now(UTC))

    def advance(self, by: timedelta) -> datetime:
        """Move a laboratory's clock on by `by`."""
        self._require_lab()
        return self._save(self._offset() + by)

    def _require_lab(self) -> None:
        if not self.is_lab():
            raise NotALabError("this device's clock follows the system and cannot be moved")

    def _save(self, offset: timedelta) -> datetime:
        seconds = int(offset.total_seconds())
        write_atomic(self._file, json.dumps({"offset_seconds": seconds}).encode() + b"\n")
        return self.now()

    def _offset(self) -> timedelta:
        try:
            data = json.loads(self._file.read_bytes())
            return timedelta(seconds=int(data["offset_seconds"]))
        except FileNotFoundError:
            return timedelta(0)
        except (ValueError, KeyError, TypeError) as error:
            raise NotALabError("the laboratory clock's file is damaged") from error


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with `Z` or an offset; InvalidInputError otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not an ISO 8601 time such as 2027-01-31T12:00:00Z") from error
    if at.tzinfo is None:
        raise InvalidInputError(f"{text!r} names no zone; add Z for UTC")
    return at.astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `90d`, `36h`, `P30D` or `1d12h`; InvalidInputError otherwise."""
    plain = text.lower().removeprefix("p").replace("t", "")
    parts = _DURATION.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise InvalidInputError(f"{text!r} is not a duration such as 90d, 36h or 15m")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))
