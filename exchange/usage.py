"""Usage reports: what a device measured, signed by it, and how both servers book it by month (rows S4.6, C3.3, C3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange.canonical import JsonObject, iso
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.identity import Udi
from exchange.limits import JSON_INTEGER, TAG_CHARS
from exchange.statement import FORMAT, statement_fields

MEASUREMENTS = 24
"""The most measurements of a report: with the longest tags they fit into a statement."""
MOST_COUNT = 1_000_000
LONGEST_MONTH = 31 * 24 * 3600
"""Seconds."""
MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)
OLDEST = timedelta(days=400)
"""What was measured longer ago is not booked any more."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """So many units of a licence were in use from one moment to another."""

    tag: str
    count: int
    start: datetime
    end: datetime

    def to_dict(self) -> JsonObject:
        """The entry."""
        return {"tag": self.tag, "count": self.count, "start": iso(self.start), "end": iso(self.end)}

    @classmethod
    def from_dict(cls, data: object) -> Measurement:
        """Read the entry."""
        fields = Fields(data, "measurement")
        found = cls(
            tag=fields.text("tag", most=TAG_CHARS, empty=False),
            count=fields.integer("count", least=1, most=MOST_COUNT),
            start=fields.time("start"),
            end=fields.time("end"),
        )
        if found.end <= found.start:
            raise MalformedError("a measurement ends when it begins, or before")
        return found


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What a device measured since its last report; `number` grows by each report of its key."""

    number: int
    instance: str
    udi: Udi
    key_hash: str
    reported_at: datetime
    measurements: tuple[Measurement, ...]

    def to_dict(self) -> JsonObject:
        """The payload."""
        return {
            "format": FORMAT,
            "number": self.number,
            "instance": self.instance,
            "udi": self.udi.to_dict(),
            "key_hash": self.key_hash,
            "reported_at": iso(self.reported_at),
            "measurements": [one.to_dict() for one in self.measurements],
        }

    @classmethod
    def from_dict(cls, data: object) -> UsageReport:
        """Read the payload."""
        fields = statement_fields(data, "usage_report")
        found = cls(
            number=fields.integer("number", least=1, most=JSON_INTEGER),
            instance=fields.identifier("instance"),
            udi=Udi.from_dict(fields.mapping("udi")),
            key_hash=fields.digest("key_hash"),
            reported_at=fields.time("reported_at"),
            measurements=fields.items("measurements", Measurement.from_dict, most=MEASUREMENTS),
        )
        if not found.measurements:
            raise MalformedError("a usage report measures nothing")
        return found


@dataclass(frozen=True, slots=True)
class MonthlyUse:
    """What one device used of a licence in a month (UTC): the highest count, units times seconds, and measured until when."""

    count: int
    unit_seconds: int
    until: datetime

    def joined(self, other: MonthlyUse) -> MonthlyUse:
        """The greater of two states of the same month: values only grow, so that an older state changes nothing."""
        return MonthlyUse(
            max(self.count, other.count), max(self.unit_seconds, other.unit_seconds), max(self.until, other.until)
        )


Booked = dict[tuple[str, str], MonthlyUse]
"""By licence and month (`2026-11`)."""


def month_of(at: datetime) -> str:
    """The month of a moment in UTC."""
    return f"{at.year:04}-{at.month:02}"


def _following(at: datetime) -> datetime:
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start.replace(year=at.year + 1, month=1) if at.month == 12 else start.replace(month=at.month + 1)


def _by_month(start: datetime, end: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    while start < end:
        stop = min(end, _following(start))
        yield month_of(start), start, stop
        start = stop


def book_usage(
    measurements: Iterable[Measurement],
    known: Mapping[tuple[str, str], MonthlyUse],
    ends: Mapping[str, datetime],
    now: datetime,
) -> Booked:
    """What a report makes of the months of its device; only those that change.

    `known` is what is booked for it where it is now, `ends` says until when each licence was measured before. Nothing is
    counted twice: what overlaps with booked use counts from its end. What lies in the future counts until `now`, and what is
    older than 400 days not at all, so that a wrong clock costs no report.
    """
    until = dict(ends)
    found: Booked = {}
    for one in sorted(measurements, key=lambda one: (one.start, one.end, one.tag)):
        start = max(one.start, now - OLDEST, until.get(one.tag, one.start))
        for month, begin, stop in _by_month(start, min(one.end, now)):
            before = found.get((one.tag, month)) or known.get((one.tag, month)) or MonthlyUse(0, 0, begin)
            seconds = one.count * int((stop - begin).total_seconds())
            found[one.tag, month] = MonthlyUse(max(before.count, one.count), before.unit_seconds + seconds, stop)
            until[one.tag] = stop
    return found


@dataclass(frozen=True, slots=True)
class UsageResult:
    """A report was booked: up to which number central itself has them, and the licences that are not known."""

    number: int
    acknowledged: int
    unknown: tuple[str, ...]

    def to_dict(self) -> JsonObject:
        """The result."""
        return {"number": self.number, "acknowledged": self.acknowledged, "unknown": list(self.unknown)}

    @classmethod
    def from_dict(cls, data: object) -> UsageResult:
        """Read the result."""
        fields = Fields(data, "usage_booked")
        return cls(
            number=fields.integer("number", least=1, most=JSON_INTEGER),
            acknowledged=fields.integer("acknowledged", most=JSON_INTEGER),
            unknown=fields.items("unknown", _tag, most=MEASUREMENTS),
        )


def _tag(value: object) -> str:
    return Fields({"tag": value}, "unknown").text("tag", most=TAG_CHARS, empty=False)
