"""Time at central: confirmed by a person, measured, set (row S1.3); licence time itself is kept by the serverkit."""

from __future__ import annotations

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.models import ClockRow
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.licence_time import Reading
from serverkit.time import service as time_service
from serverkit.time.ntp import Verdict


def clock_row(unit: Unit) -> ClockRow:
    """The row of the clock."""
    return time_service.row_of(unit, ClockRow)


def confirm_time(unit: Unit) -> str:
    """Confirm that the system clock is correct."""
    require(unit, Permission.VENDOR_MANAGE)
    outcome, reading = time_service.confirm_time(unit, clock_row(unit))
    _say(unit, outcome, reading)
    return outcome


def _say(unit: Unit, outcome: str, reading: Reading) -> None:
    if outcome != "nothing_to_confirm":
        message = f"the time {iso(reading.moment.system)} was {outcome} by a person"
        record(unit, None, EventKind.TIME_CONFIRMED, message, subject={"outcome": outcome})


def take_measurement(unit: Unit, verdict: Verdict) -> bool:
    """Keep a measurement; one that agrees with the clock confirms it."""
    require(unit, Permission.VENDOR_MANAGE)
    cleared = time_service.take_measurement(unit, clock_row(unit), verdict)
    if cleared:
        record(unit, None, EventKind.TIME_CONFIRMED, "the time was confirmed by measuring", subject={"outcome": "ntp"})
    return cleared


def observe_clock(unit: Unit) -> str | None:
    """Record when the clock stops or starts to be believed."""
    message = time_service.observe(unit, clock_row(unit))
    if message is not None:
        record(unit, None, EventKind.CLOCK_CHANGED, message)
    return message


def change_settings(unit: Unit, zone: str | None, servers: list[str] | None) -> ClockRow:
    """Change zone and time servers."""
    require(unit, Permission.VENDOR_MANAGE)
    row = clock_row(unit)
    changed = time_service.change_settings(row, zone, servers)
    if changed:
        message = f"time settings changed: {', '.join(changed)}"
        record(unit, None, EventKind.TIME_SETTINGS_CHANGED, message, subject={"changed": changed})
    return row
