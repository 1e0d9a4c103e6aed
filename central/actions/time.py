"""Use cases of time: show, confirm and measure the clock, change its settings (row S1.3)."""

from __future__ import annotations

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.services import refresh_vendor
from central.domain.operations import services
from central.domain.operations.models import ClockRow
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.jobs.clock import clock_job
from serverkit.jobs.runs import Job
from serverkit.time.acts import TimeActs

ACTS: TimeActs[Central] = TimeActs(
    program="central",
    row=services.clock_row,
    may_look=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    may_measure=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    confirm_time=services.confirm_time,
    take_measurement=services.take_measurement,
    observe=services.observe_clock,
    change_settings=services.change_settings,
    refresh=lambda server, unit: refresh_vendor(unit, server.keyring),
)


def zone_of(unit: Unit) -> str:
    """The zone in which pages show times; everybody may know it."""
    return services.clock_row(unit).zone


def make_clock_job(server: Central) -> Job:
    """The job that watches the clock, and measures the time while it is in doubt."""
    return clock_job(
        server.database,
        ClockRow,
        services.observe_clock,
        lambda unit: refresh_vendor(unit, server.keyring),
        services.take_measurement,
    )
