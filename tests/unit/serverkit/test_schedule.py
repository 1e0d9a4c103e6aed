"""The schedule of network synchronization."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from serverkit.schedule import LONGEST_RETRY, Schedule, due_at, next_slot, retry_after


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.row("S1.4")
@pytest.mark.parametrize(
    ("schedule", "after", "slot"),
    [
        (Schedule("off", 0, time(3), "UTC"), "2026-01-01T00:00", None),
        (Schedule("daily", 0, time(3), "UTC"), "2026-01-01T03:00", "2026-01-02T03:00"),
        (Schedule("daily", 0, time(3), "Europe/Vienna"), "2026-07-01T00:00", "2026-07-01T01:00"),
        (Schedule("weekly", 0, time(3), "UTC"), "2026-01-01T00:00", "2026-01-05T03:00"),
        (Schedule("monthly", 31, time(3), "UTC"), "2026-02-01T00:00", "2026-02-28T03:00"),
        # The clocks go forward at 02:00 in Vienna, so 02:30 does not exist and counts as 03:30.
        (Schedule("daily", 0, time(2, 30), "Europe/Vienna"), "2026-03-28T12:00", "2026-03-29T01:30"),
    ],
)
def test_the_next_slot_is_the_first_one_after_a_moment(schedule: Schedule, after: str, slot: str | None) -> None:
    """Days, weeks and months are counted in the zone of the schedule; a short month uses its last day."""
    assert next_slot(schedule, at(after)) == (at(slot) if slot else None)


@pytest.mark.row("S1.4")
def test_a_failure_is_retried_sooner_and_ever_later_until_the_next_slot() -> None:
    """The wait doubles from five minutes to six hours, and the slot comes first where it is earlier."""
    daily = Schedule("daily", 0, time(3), "UTC")

    assert [retry_after(n) for n in (1, 2, 3)] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert retry_after(1000) == LONGEST_RETRY
    assert due_at(daily, at("2026-01-01T03:00"), 1, at("2025-12-01T00:00")) == at("2026-01-01T03:05")
    assert due_at(daily, at("2026-01-02T02:00"), 9, at("2025-12-01T00:00")) == at("2026-01-02T03:00")
    assert due_at(daily, at("2026-01-01T03:00"), 0, at("2025-12-01T00:00")) == at("2026-01-02T03:00")
    assert due_at(Schedule("off", 0, time(3), "UTC"), None, 0, at("2026-01-01T00:00")) is None
