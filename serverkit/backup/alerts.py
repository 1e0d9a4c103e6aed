"""What the backups that a server keeps itself demand of the alerts: too old, or failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from serverkit.alerts.engine import AlertKind, Severity, Wanted
from serverkit.alerts.texts import said

OLD, FAILED = "backup_old", "backup_failed"
KINDS = frozenset({OLD, FAILED})
"""Refreshed with the backups: they depend on files, which no device message looks at."""
MOST_AGE = {"daily": timedelta(days=3), "weekly": timedelta(days=15), "off": timedelta(days=30)}
"""How old the newest verified backup may be, by schedule."""


def backup_kinds(scope: str) -> tuple[AlertKind, ...]:
    """The kinds of a server, for its catalogue."""
    major, minor = Severity.MAJOR, Severity.MINOR
    return (
        AlertKind(OLD, major, scope, ("remind", "dismiss"), "the newest verified backup is older than the schedule allows", "a verified backup"),
        AlertKind(FAILED, minor, scope, ("dismiss",), "the last backup failed", "a backup that succeeds"),
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
