"""The jobs: silent devices, alerts of the day."""

from __future__ import annotations

from datetime import timedelta

from chassis.actor import Actor, ActorKind
from chassis.db.unit import Unit
from chassis.jobs.clock import clock_job, unless_leapt
from chassis.jobs.runs import Job
from satellite.core.operations.models import ClockRow
from satellite.core.operations.services import observe_clock, take_measurement
from satellite.runtime import Satellite
from satellite.sync.network import run_if_due
from satellite.sync.timekeeping import end_silent_instances


def jobs_of(made: Satellite) -> tuple[Job, ...]:
    """The jobs of a satellite."""

    def devices(unit: Unit) -> str:
        return f"{end_silent_instances(unit)} instances changed"

    def alerts(unit: Unit) -> str:
        made.refresh_alerts(unit)
        return "alerts refreshed"

    def synchronize() -> str:
        return run_if_due(made, Actor(ActorKind.JOB, "synchronize", "job synchronize"))

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        clock_job(made.database, ClockRow, observe_clock, made.refresh_alerts, take_measurement),
        Job("synchronize", timedelta(minutes=1), nothing, "synchronize by network when it is time", synchronize),
        Job(
            "anchor",
            timedelta(minutes=1),
            nothing,
            "note how far this machine came, outside backups",
            made.raise_anchor,
        ),
        Job(
            "devices",
            timedelta(hours=1),
            unless_leapt(devices),
            "free silent devices' licences, remove those silent for a year",
        ),
        Job("alerts", timedelta(hours=1), alerts, "make every alert equal to state and clock"),
    )
