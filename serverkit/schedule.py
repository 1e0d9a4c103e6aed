"""When a server does something by itself: daily, weekly or monthly at a time in a zone; after a failure, sooner."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=6)
KINDS = ("off", "daily", "weekly", "monthly")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`day` is 0 to 6 (Monday first) for weekly and 1 to 31 for monthly; a month without it takes its last day."""

    kind: str
    day: int
    at: time
    zone: str


def next_slot(schedule: Schedule, after: datetime) -> datetime | None:
    """The first moment of the schedule that lies after `after` (UTC); None where it is off.

    A local time that a change of the clocks leaves out is taken an hour later; one that comes twice is taken once.
    """
    if schedule.kind == "off":
        return None
    zone = ZoneInfo(schedule.zone)
    day = after.astimezone(zone).date() - timedelta(days=1)
    for _ in range(70):
        if _fits(schedule, day.year, day.month, day.day, day.weekday()):
            moment = datetime.combine(day, schedule.at, tzinfo=zone).astimezone(UTC)
            if moment > after:
                return moment
        day += timedelta(days=1)
    return None


def _fits(schedule: Schedule, year: int, month: int, day: int, weekday: int) -> bool:
    if schedule.kind == "daily":
        return True
    if schedule.kind == "weekly":
        return weekday == schedule.day
    return day == min(schedule.day, calendar.monthrange(year, month)[1])


def retry_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubled each time, never over six hours."""
    return min(LONGEST_RETRY, FIRST_RETRY * (1 << min(max(failures - 1, 0), 10)))


def due_at(schedule: Schedule, last_attempt: datetime | None, failures: int, since: datetime) -> datetime | None:
    """When the next attempt is due: the slot after the last one, or the end of the back-off if that comes first."""
    slot = next_slot(schedule, last_attempt or since)
    if slot is None or not failures or last_attempt is None:
        return slot
    return min(slot, last_attempt + retry_after(failures))
