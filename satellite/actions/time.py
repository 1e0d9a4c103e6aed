"""Use cases of the clock: everyone may look, administrators change it (row S1.3)."""

from __future__ import annotations

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.operations import services
from satellite.core.operations.models import ClockRow
from satellite.runtime import Satellite
from serverkit.jobs.clock import clock_job
from serverkit.jobs.runs import Job
from serverkit.time.acts import TimeActs

ACTS: TimeActs[Satellite] = TimeActs(
    program="satellite",
    row=services.clock_row,
    may_look=lambda _unit: None,
    may_measure=lambda unit: require(unit, Permission.SITE_MANAGE),
    confirm_time=services.confirm_time,
    take_measurement=services.take_measurement,
    observe=services.observe_clock,
    change_settings=services.change_settings,
    refresh=lambda server, unit: server.refresh_alerts(unit),
)


def make_clock_job(server: Satellite) -> Job:
    """The job that watches the clock, and measures the time while it is in doubt."""
    return clock_job(
        server.database, ClockRow, services.observe_clock, server.refresh_alerts, services.take_measurement
    )
