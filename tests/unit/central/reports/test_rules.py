"""When the schedule of a report is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from central.domain.reports.rules import Every, Schedule, next_run


@pytest.mark.row("C12.1")
@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        (Schedule(Every.DAY, 1, "06:00", "UTC"), "2027-03-01T05:59", "2027-03-01T06:00"),
        (Schedule(Every.DAY, 1, "06:00", "UTC"), "2027-03-01T06:00", "2027-03-02T06:00"),
        (Schedule(Every.DAY, 1, "01:00", "Asia/Tokyo"), "2027-03-01T15:00", "2027-03-01T16:00"),
        (Schedule(Every.DAY, 1, "23:00", "America/New_York"), "2027-03-02T03:30", "2027-03-02T04:00"),
        (Schedule(Every.WEEK, 1, "06:00", "Europe/Vienna"), "2027-03-01T05:00", "2027-03-08T05:00"),
        (Schedule(Every.WEEK, 7, "06:00", "Europe/Vienna"), "2027-03-22T05:00", "2027-03-28T04:00"),
        (Schedule(Every.MONTH, 31, "06:00", "UTC"), "2027-01-31T06:00", "2027-02-28T06:00"),
        (Schedule(Every.MONTH, 29, "06:00", "UTC"), "2028-02-01T00:00", "2028-02-29T06:00"),
        (Schedule(Every.DAY, 1, "02:30", "Europe/Vienna"), "2027-03-28T00:00", "2027-03-28T01:30"),
        (Schedule(Every.DAY, 1, "02:30", "Europe/Vienna"), "2027-10-31T00:30", "2027-11-01T01:30"),
        (Schedule(Every.NEVER, 1, "06:00", "UTC"), "2027-03-01T05:59", None),
    ],
)
def test_a_schedule_is_due_at_its_time_in_its_zone(schedule: Schedule, after: str, due: str | None) -> None:
    """Daily, weekly, monthly, on the last day of a shorter month; once where clocks change."""

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert next_run(schedule, moment(after)) == (moment(due) if due else None)
