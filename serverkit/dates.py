"""Dates and times that people write: an impossible day is told from a wrong form, and each refusal gives an example.

A date is a whole day in UTC: as a start its first moment, as an end the moment after its last one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 9000
EXAMPLE = "such as 2027-11-30, or 2027-11-30T12:00:00Z for a time"
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class DateFormError(Exception):
    """A text is not a date or time; the message says what is wrong and what the form is."""


def read_start(text: str) -> datetime:
    """The first moment that a text names, in UTC and whole seconds; UTC where no zone is named. DateFormError."""
    return _read(text)


def read_end(text: str) -> datetime:
    """The first moment after what a text names: a date is meant to its end. DateFormError."""
    at = _read(text)
    return at + timedelta(days=1) if _DATE.fullmatch(text) else at


def impossible_day(text: str) -> str | None:
    """What is wrong with a date of the right form that names no day; None where the day exists or the form is another."""
    day = _DATE.match(text)
    if day is None or not text.isascii():
        return None
    year, month, number = map(int, day.groups())
    if not 1 <= month <= 12:
        return f"there is no such day as {day.group()}: a year has no month {month}; write it {EXAMPLE}"
    last = monthrange(max(year, 1), month)[1]
    if not 1 <= number <= last:
        return f"there is no such day as {day.group()}: that month has {last} days; write it {EXAMPLE}"
    return None


def _read(text: str) -> datetime:
    shown = repr(text[:40])
    day = _DATE.match(text)
    if day is None or not text.isascii():
        raise DateFormError(f"{shown} is not written as year-month-day, {EXAMPLE}")
    if cause := impossible_day(text):
        raise DateFormError(cause)
    if not FIRST_YEAR <= int(day.group(1)) <= LAST_YEAR:
        raise DateFormError(f"{shown} is not in the years from {FIRST_YEAR} to {LAST_YEAR}")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise DateFormError(f"the time of {shown} is not written {EXAMPLE}") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
