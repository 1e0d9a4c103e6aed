"""Time at the site: confirmed by a person, measured, set (row S1.3); licence time itself is kept by the serverkit."""

from __future__ import annotations

from datetime import datetime

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.models import ClockRow
from satellite.core.site.services import TIME_STEP, note_step
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.licence_time import QUIET, Reading
from serverkit.time import service as time_service
from serverkit.time.ntp import Verdict


def clock_row(unit: Unit) -> ClockRow:
    """The row of the clock."""
    return time_service.row_of(unit, ClockRow)


def confirm_time(unit: Unit) -> str:
    """Confirm that the system clock is correct."""
    require(unit, Permission.SITE_MANAGE)
    outcome, reading = time_service.confirm_time(unit, clock_row(unit))
    _say(unit, outcome, reading)
    note_step(unit, TIME_STEP)
    return outcome


def _say(unit: Unit, outcome: str, reading: Reading) -> None:
    if outcome != "nothing_to_confirm":
        message = f"the time {iso(reading.moment.system)} was {outcome} by a person"
        record(unit, EventKind.TIME_CONFIRMED, message, subject={"outcome": outcome})


def take_measurement(unit: Unit, verdict: Verdict) -> bool:
    """Keep a measurement; one that agrees with the clock confirms it."""
    require(unit, Permission.SITE_MANAGE)
    cleared = time_service.take_measurement(unit, clock_row(unit), verdict)
    if verdict.offset is not None and abs(verdict.offset) <= QUIET.total_seconds():
        note_step(unit, TIME_STEP)
    if cleared:
        record(unit, EventKind.TIME_CONFIRMED, "the time was confirmed by measuring", subject={"outcome": "ntp"})
    return cleared


def observe_clock(unit: Unit) -> str | None:
    """Record when the clock stops or starts to be believed."""
    message = time_service.observe(unit, clock_row(unit))
    if message is not None:
        record(unit, EventKind.CLOCK_CHANGED, message)
    return message


def note_signed_time(unit: Unit, said: datetime, asked: datetime | None) -> None:
    """Central's signed time came with a file that was applied."""
    outcome = time_service.note_signed(unit, clock_row(unit), said, asked)
    if outcome != "kept":
        message = f"the time was {outcome} by central's signed time {iso(said)}"
        record(unit, EventKind.TIME_CONFIRMED, message, subject={"outcome": outcome})


def change_settings(unit: Unit, zone: str | None, servers: list[str] | None) -> ClockRow:
    """Change zone and time servers."""
    require(unit, Permission.SITE_MANAGE)
    row = clock_row(unit)
    changed = time_service.change_settings(row, zone, servers)
    if changed:
        message = f"time settings changed: {', '.join(changed)}"
        record(unit, EventKind.TIME_SETTINGS_CHANGED, message, subject={"changed": changed})
    return row
