"""What is set about the backups that a server makes itself."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serverkit.day_times import TimeOfDay, ZoneName, read_time
from serverkit.schedule import Schedule
from serverkit.stored_settings import Stored

PLAN, LAST = "backup", "backup_last"
"""The names under which the plan with its passphrase, and what was made last, are stored."""


class BackupPlan(Stored):
    """When backups are made, and how many are kept. `weekday` counts from Monday, 0."""

    every: Literal["off", "daily", "weekly"] = "off"
    weekday: int = Field(default=0, ge=0, le=6)
    at: TimeOfDay = "02:00"
    zone: ZoneName = "UTC"
    keep: int = Field(default=7, ge=1, le=365)

    @property
    def schedule(self) -> Schedule:
        """As a schedule."""
        return Schedule(self.every, self.weekday, read_time(self.at), self.zone)


class LastBackup(Stored):
    """The newest verified backup that was made, by whichever home works on the database."""

    name: str = ""
    created: datetime | None = None
