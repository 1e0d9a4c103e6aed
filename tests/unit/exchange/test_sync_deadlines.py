"""When a satellite that does not synchronize is reminded, overdue and removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.sync_deadlines import sync_deadlines

NOW = datetime(2027, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.row("C10.3")
def test_deadlines_count_full_days_from_the_last_synchronization() -> None:
    """Reminder, overdue, removal, in this order."""
    found = sync_deadlines(NOW, 30, 66, 90)

    assert found.removal == NOW + 90 * DAY
