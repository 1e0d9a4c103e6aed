"""The jobs: silent devices, alerts of the day."""

from __future__ import annotations

from datetime import timedelta

from satellite.actions.deadlines import end_silent_instances
from satellite.core.operations.models import ClockRow
from satellite.core.operations.services import observe_clock, take_measurement
from satellite.runtime import Satellite
from satellite.sync.network import run_if_due
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.jobs.clock import clock_job, unless_leapt
from serverkit.jobs.runs import Job


def jobs_of(server: Satellite) -> tuple[Job, ...]:
    """The jobs of a satellite."""

    def devices(unit: Unit) -> str:
        return f"{end_silent_instances(unit)} instances changed"

    def alerts(unit: Unit) -> str:
        server.refresh_alerts(unit)
        return "alerts refreshed"

    def synchronize() -> str:
        return run_if_due(server, Actor(ActorKind.JOB, "synchronize", "job synchronize"))

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        clock_job(server.database, ClockRow, observe_clock, server.refresh_alerts, take_measurement),
        Job("synchronize", timedelta(minutes=1), nothing, "synchronize by network when it is time", synchronize),
        Job(
            "anchor",
            timedelta(minutes=1),
            nothing,
            "note how far this machine came, outside backups",
            server.raise_anchor,
        ),
        Job(
            "devices",
            timedelta(hours=1),
            unless_leapt(devices),
            "free silent devices' licences, remove those silent for a year",
        ),
        Job("alerts", timedelta(hours=1), alerts, "make every alert equal to state and clock"),
    )
