"""What the backups that a server keeps itself demand of the alerts: too old, failed, or not copied off the machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from serverkit.alerts.engine import AlertKind, Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.backup.plan import LastCopy

OLD, FAILED, NOT_COPIED = "backup_old", "backup_failed", "backup_not_copied"
KINDS = frozenset({OLD, FAILED, NOT_COPIED})
"""Refreshed with the backups: they depend on files, which no device message looks at."""
MOST_AGE = {"daily": timedelta(days=3), "weekly": timedelta(days=15), "off": timedelta(days=30)}
"""How old the newest verified backup may be, by schedule."""


def backup_kinds(scope: str) -> tuple[AlertKind, ...]:
    """The kinds of a server, for its catalogue."""
    major, minor = Severity.MAJOR, Severity.MINOR
    return (
        AlertKind(OLD, major, scope, ("remind", "dismiss"), "the newest verified backup is older than the schedule allows", "a verified backup"),
        AlertKind(FAILED, minor, scope, ("dismiss",), "the last backup failed", "a backup that succeeds"),
        AlertKind(NOT_COPIED, minor, scope, ("dismiss",), "a backup could not be copied to its target", "a copy that succeeds, or no target"),
    )  # fmt: skip


def wanted_alerts(
    now: datetime,
    source: str,
    every: str,
    since: datetime,
    newest: datetime | None,
    failure: tuple[datetime, str] | None,
) -> Iterator[Wanted]:
    """What stands against the backups now: `since` is when they were set up here, `failure` when the last one was asked for and why it failed."""
    age = now - (newest or since)
    if age > MOST_AGE[every]:
        text = (
            said("The newest verified backup is {days} days old. Make one, and look at the last task.", days=age.days)
            if newest is not None
            else said(
                "No verified backup was made for {days} days. Make one, and look at the last task.", days=age.days
            )
        )
        yield Wanted(OLD, "backup", text, source, step=age.days // 7)
    if failure is not None:
        asked_at, reason = failure
        # Another failed backup brings back what was dismissed.
        yield Wanted(
            FAILED,
            "backup",
            said("The last backup failed: {reason}", reason=reason),
            source,
            step=int(asked_at.timestamp() // 60),
        )


def copy_alert(source: str, copy: LastCopy) -> Iterator[Wanted]:
    """The last copy to the target failed; another day brings back what was dismissed."""
    if copy.failures and copy.at is not None:
        text = said(
            "Backup {name} was not copied off the machine: {reason} {remedy}",
            name=copy.name,
            reason=copy.error,
            remedy=copy.remedy,
        )
        yield Wanted(NOT_COPIED, "backup", text, source, step=int(copy.at.timestamp() // 86400))
