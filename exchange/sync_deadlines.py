"""When a satellite that does not synchronize is reminded, overdue and removed (pure; row C10.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class SyncDeadlines:
    """When a satellite that does not synchronize is reminded, called overdue, and removed (row C10.3)."""

    reminder: datetime
    overdue: datetime
    removal: datetime


def sync_deadlines(last_sync: datetime, reminder_days: int, overdue_days: int, removal_days: int) -> SyncDeadlines:
    """Deadlines counted in full days from the last successful synchronization."""
    return SyncDeadlines(
        last_sync + timedelta(days=reminder_days),
        last_sync + timedelta(days=overdue_days),
        last_sync + timedelta(days=removal_days),
    )
