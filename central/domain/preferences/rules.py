"""What can be mailed about, and the flags of an account: pure (rows C12.2, C12.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from central.domain.event_log.event_kinds import EventKind
from central.domain.notices.rules import Mail

SUMMARY_TIME = time(0, 1)
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be mailed about: kinds of alerts and of events; `listed` are alerts of which only the summary tells."""

    alerts: frozenset[str] = frozenset()
    events: frozenset[EventKind] = frozenset()
    listed: frozenset[str] = frozenset()


NOTICES: Mapping[str, Notice] = {
    "insufficient": Notice(frozenset({"insufficient_licences"})),
    "expiring": Notice(frozenset({"licences_expiring"})),
    "expired": Notice(frozenset({"licences_expired"})),
    "failed_to_connect": Notice(frozenset({"instance_failed_to_connect"})),
    # One mail when a silent device loses its licences, one when it is removed.
    "failed_to_renew": Notice(
        events=frozenset(
            {
                EventKind.INSTANCE_FREED,
                EventKind.INSTANCE_FREED_VIA_SATELLITE,
                EventKind.INSTANCE_REMOVED_SILENT,
                EventKind.INSTANCE_REMOVED_SILENT_VIA_SATELLITE,
            }
        ),
        listed=frozenset({"instance_failed_to_renew"}),
    ),
    "satellite_overdue": Notice(frozenset({"satellite_sync_deadline", "satellite_sync_overdue"})),
    "satellite_removed": Notice(frozenset({"satellite_removed"})),
    "new_licences": Notice(events=frozenset({EventKind.LICENCES_ADDED})),
    "new_instance": Notice(
        events=frozenset(
            {EventKind.INSTANCE_ADDED, EventKind.INSTANCE_ADDED_STANDBYS, EventKind.INSTANCE_ADDED_VIA_SATELLITE}
        )
    ),
    "licences_reserved": Notice(events=frozenset({EventKind.LICENCES_RESERVED})),
    "file_processed": Notice(events=frozenset({EventKind.SATELLITE_SYNCHRONIZED})),
}
FLAGS: Mapping[str, bool] = {"add_to_inventory": True, "transaction_details": True}
"""The flags with their defaults."""
MAILED_FLAGS = frozenset({"add_to_inventory"})
"""A change of these is mailed to the administrators of the account (row C12.3)."""


def alert_kinds(wanted: Collection[str], *, listed: bool = False) -> frozenset[str]:
    """The kinds of alerts behind what is wanted; with those of which only the summary tells."""
    known = [NOTICES[name] for name in wanted if name in NOTICES]
    return frozenset(kind for one in known for kind in (one.alerts | one.listed if listed else one.alerts))


def event_kinds(wanted: Collection[str]) -> frozenset[EventKind]:
    """The kinds of events behind it."""
    return frozenset(kind for name in wanted if name in NOTICES for kind in NOTICES[name].events)


def summary_day(now: datetime, zone: ZoneInfo) -> date:
    """The newest day whose summary is due: it is written at 00:01 in the zone."""
    local = now.astimezone(zone)
    day = local.date()
    return day if local.time() >= SUMMARY_TIME else date.fromordinal(day.toordinal() - 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a mail tells of."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """Things that a mail tells of, the first ones of so many."""

    lines: Sequence[Line]
    total: int


def told(lines: Sequence[Line]) -> Told:
    """All of these, of which a mail names the first."""
    return Told(lines[:MOST_LINES], len(lines))


def news_mail(account: str, zone: ZoneInfo, alerts: Told, events: Told) -> Mail:
    """The mail about what is new; one thing is its own subject."""
    lines, total = [*alerts.lines, *events.lines], alerts.total + events.total
    subject = f"{account}: {lines[0].text}" if total == 1 else f"{account}: {total} notices"
    return Mail(_subject(subject), f"{_part(alerts, zone)}{_part(events, zone)}{_foot(zone)}")


def summary_mail(account: str, zone: ZoneInfo, alerts: Told, events: Told) -> Mail:
    """The daily summary: every open alert that was chosen, and what happened since the last one."""
    text = f"Open alerts: {alerts.total}\n{_part(alerts, zone)}\nSince the last summary: {events.total}\n{_part(events, zone)}"
    return Mail(_subject(f"{account}: daily summary"), text + _foot(zone))


def _subject(text: str) -> str:
    return " ".join(text.split())[:200]


def _part(found: Told, zone: ZoneInfo) -> str:
    more = (
        f"and {found.total - len(found.lines)} more, which the console shows\n"
        if found.total > len(found.lines)
        else ""
    )
    return "".join(f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}  {one.text}\n" for one in found.lines) + more


def _foot(zone: ZoneInfo) -> str:
    return f"\nTimes are those of {zone.key}. What you are mailed about is set under Preferences of the account.\n"
