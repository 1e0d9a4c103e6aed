"""What is set about the backups that a server makes itself."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serverkit.day_times import TimeOfDay, ZoneName, read_time
from serverkit.schedule import Schedule
from serverkit.stored_settings import Stored

PLAN, LAST = "backup", "backup_last"
TARGET, COPY, REHEARSAL = "backup_target", "backup_copy", "backup_rehearsal"
"""The names under which these are stored: the plan with its passphrase, the target with its key, and what was done last."""


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


class LastCopy(Stored):
    """The last attempt to copy a backup to the target: which one, when, how often it failed in a row, and why."""

    name: str = ""
    at: datetime | None = None
    failures: int = 0
    code: str = ""
    error: str = ""
    remedy: str = ""
    warnings: tuple[str, ...] = ()


class LastRehearsal(Stored):
    """The last rehearsal of a restore, and what it found."""

    name: str = ""
    at: datetime | None = None
    sound: bool = False
    findings: tuple[str, ...] = ()
