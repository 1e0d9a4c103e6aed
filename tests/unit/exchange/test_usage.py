"""Booking of measured use by month (rows S4.6, C3.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.errors import MalformedError
from exchange.usage import Measurement, MonthlyUse, book_usage

NOW = datetime(2026, 12, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def measured(count: int, start: datetime, end: datetime, tag: str = "A") -> Measurement:
    """A measurement."""
    return Measurement(tag, count, start, end)


@pytest.mark.row("C3.6")
def test_use_is_divided_at_the_end_of_a_month() -> None:
    """What spans two months counts in both, each with its own part."""
    start, end = datetime(2026, 11, 30, 22, tzinfo=UTC), datetime(2026, 12, 1, 3, tzinfo=UTC)
    found = book_usage([measured(2, start, end)], {}, {}, NOW)

    assert {month: (use.count, use.unit_seconds) for (_, month), use in found.items()} == {
        "2026-11": (2, 2 * 2 * 3600),
        "2026-12": (2, 2 * 3 * 3600),
    }


@pytest.mark.row("S4.6")
def test_the_same_use_twice_counts_once() -> None:
    """What overlaps with booked use counts from its end; the highest count stays."""
    start = NOW - DAY
    first = book_usage([measured(5, start, start + 4 * HOUR)], {}, {}, NOW)
    ends = {"A": start + 4 * HOUR}
    again = book_usage([measured(5, start, start + 4 * HOUR)], first, ends, NOW)
    longer = book_usage([measured(2, start, start + 6 * HOUR)], first, ends, NOW)
    elsewhere = book_usage([measured(9, start, start + 6 * HOUR, "B")], first, ends, NOW)

    assert again == {}
    assert longer == {("A", "2026-12"): MonthlyUse(5, (5 * 4 + 2 * 2) * 3600, start + 6 * HOUR)}
    assert elsewhere["B", "2026-12"].unit_seconds == 9 * 6 * 3600


@pytest.mark.row("S4.6")
def test_the_future_and_what_is_long_ago_do_not_count() -> None:
    """A wrong clock of a device books nothing beyond now, and nothing older than 400 days."""
    found = book_usage([measured(1, NOW - HOUR, NOW + 300 * DAY)], {}, {}, NOW)
    old = book_usage([measured(1, NOW - 900 * DAY, NOW - 399 * DAY)], {}, {}, NOW)

    assert found == {("A", "2026-12"): MonthlyUse(1, 3600, NOW)}
    assert sum(use.unit_seconds for use in old.values()) == 86_400
    assert book_usage([measured(1, NOW + DAY, NOW + 2 * DAY)], {}, {}, NOW) == {}


@pytest.mark.row("S4.6")
def test_states_of_a_month_join_to_the_greater_one() -> None:
    """In any order, and however often."""
    small, great = MonthlyUse(1, 50, NOW), MonthlyUse(3, 20, NOW + HOUR)

    assert small.joined(great) == great.joined(small) == MonthlyUse(3, 50, NOW + HOUR)
    assert small.joined(great).joined(small) == small.joined(great)


@pytest.mark.row("S4.6")
def test_a_measurement_without_time_is_malformed() -> None:
    """It ends after it begins."""
    with pytest.raises(MalformedError):
        Measurement.from_dict(measured(1, NOW, NOW).to_dict())
