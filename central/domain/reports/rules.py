"""What a saved report may say, and when a schedule is due: pure (row C12.1)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from central.domain.notices.rules import Mail
from central.domain.reports.errors import ReportChoiceError
from serverkit.day_times import DayTimeError, read_time, read_zone
from serverkit.names import check_text

REPORTS = ("licences", "subscriptions", "instances")
FORMATS = ("csv", "xlsx")
_PLACES = frozenset({"va_tags"})
FILTERS_OF = {
    "licences": _PLACES | {"tags", "untagged"},
    "subscriptions": _PLACES | {"tags", "untagged"},
    "instances": _PLACES | {"products"},
}
"""The filters of each report, beside the virtual accounts."""
LONGEST_FILTER, MOST_DESCRIPTION = 255, 1024
MOST_SAVED = 50
"""Saved reports of one user in one account."""
MOST_FILES = 5
"""Files of one saved report that are kept."""
KEPT_RUNS = timedelta(days=30)


class Every(StrEnum):
    """How often a report runs by itself."""

    NEVER = "never"
    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"


MOST_DAY = {Every.NEVER: 31, Every.DAY: 31, Every.WEEK: 7, Every.MONTH: 31}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants saved; virtual accounts by name, None for all."""

    name: str
    report: str
    format: str = "csv"
    description: str = ""
    virtual_accounts: tuple[str, ...] | None = None
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a report runs: `day` of the week from Monday as 1, or of the month; in a shorter month on its last day."""

    every: Every
    day: int
    at: str
    zone: str


def checked_filters(report: str, form: str, filters: Mapping[str, str]) -> dict[str, str]:
    """The filters that are set; ReportChoiceError for a report, format or filter that there is not, InvalidNameError."""
    if report not in REPORTS:
        raise ReportChoiceError("there is no report {name!r}", name=report[:32])
    if form not in FORMATS:
        raise ReportChoiceError("there is no format {name!r}", name=form[:32])
    found = {name: value.strip() for name, value in filters.items() if value.strip()}
    for name, value in found.items():
        if name not in FILTERS_OF[report]:
            raise ReportChoiceError("the report on {report} has no filter {name!r}", report=report, name=name[:32])
        if len(value) > LONGEST_FILTER or not value.isprintable():
            raise ReportChoiceError("the filter {name} takes at most 255 printable characters", name=name)
        check_text(name, value)
    if "tags" in found and "untagged" in found:
        raise ReportChoiceError("licences cannot have tags and none at once")
    return found


def checked_schedule(schedule: Schedule) -> Schedule:
    """The schedule; ReportChoiceError for a day, time or zone that there is not."""
    if not 1 <= schedule.day <= MOST_DAY[schedule.every]:
        most = MOST_DAY[schedule.every]
        raise ReportChoiceError("the day is a number from 1 to {most}", most=most)
    try:
        read_time(schedule.at)
        read_zone(schedule.zone)
    except DayTimeError as error:
        raise ReportChoiceError("{reason}", reason=str(error)) from error
    return schedule


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """The first moment of a schedule after another; None for one that never runs."""
    if schedule.every is Every.NEVER:
        return None
    zone, at = ZoneInfo(schedule.zone), read_time(schedule.at)
    today = after.astimezone(zone).date()
    for days in range(-1, 63):
        day = today + timedelta(days=days)
        if not _fits(schedule, day):
            continue
        found = datetime.combine(day, at, zone).astimezone(UTC)
        if found > after:
            return found
    raise RuntimeError("a schedule has a day in any two months")


def _fits(schedule: Schedule, day: date) -> bool:
    if schedule.every is Every.WEEK:
        return day.isoweekday() == schedule.day
    if schedule.every is Every.MONTH:
        return day.day == min(schedule.day, monthrange(day.year, day.month)[1])
    return True


def ready_mail(account: str, name: str, rows: int, link: str) -> Mail:
    """A scheduled report was made; the mail has a link that needs a sign-in, and none of the rows."""
    text = (
        f"The report {name} of {account} was made; rows: {rows}.\n\nSign in to download it:\n{link}\n\n"
        "The file is kept for 7 days. The schedule is set under Reports of the account.\n"
    )
    return Mail(_subject(f"{account}: report {name} is ready"), text)


def failed_mail(account: str, name: str, reason: str, link: str) -> Mail:
    """A scheduled report could not be made."""
    text = (
        f"The report {name} of {account} could not be made: {reason}\n\nSign in to change it:\n{link}\n\n"
        "The schedule is set under Reports of the account.\n"
    )
    return Mail(_subject(f"{account}: report {name} failed"), text)


def _subject(text: str) -> str:
    return " ".join(text.split())[:200]
