"""The jobs: silent devices, alerts of the day."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from satellite.actions.deadlines import end_silent_instances
from satellite.core.alerts.services import refresh_tls
from satellite.core.instances.clones import end_restored_marks
from satellite.core.operations.models import ClockRow
from satellite.core.operations.services import observe_clock, take_measurement
from satellite.runtime import Satellite
from satellite.sync.network import run_if_due
from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.db.unit import DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.jobs.clock import clock_job, unless_leapt
from serverkit.jobs.runs import Job
from serverkit.log import get_logger
from serverkit.tls.names import asked_names
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there
from serverkit.tls.watch import wanted_alerts


def note_tls(server: Satellite) -> None:
    """Raise or clear the alerts about the TLS files as a process begins to serve: after a reload they may have changed."""
    try:
        server.database.run(SYSTEM, partial(_tls, server))
    except (AppError, DatabaseFailure) as error:  # the job comes to it later; devices are answered meanwhile
        get_logger().warning("tls_alerts_later", cause=type(error).__name__)


def _tls(server: Satellite, unit: Unit) -> str:
    folder, names = server.home / TLS, server.settings.server.names
    done = "no own certificate"
    if is_there(folder / CERTIFICATE) or is_there(folder / KEY):
        try:
            done = ensure_pair(folder, unit.now, [*names, *asked_names(folder, unit.now)])
        except AppError as error:
            done = error.message
    refresh_tls(unit, wanted_alerts(folder, unit.now, names, "site"))
    return done


def jobs_of(server: Satellite) -> tuple[Job, ...]:
    """The jobs of a satellite."""

    def devices(unit: Unit) -> str:
        return f"{end_silent_instances(unit)} instances changed, {end_restored_marks(unit)} marks lapsed"

    def alerts(unit: Unit) -> str:
        server.refresh_alerts(unit)
        return "alerts refreshed"

    def synchronize() -> str:
        return run_if_due(server, Actor(ActorKind.JOB, "synchronize", "job synchronize"))

    def nothing(_unit: Unit) -> str:
        return ""

    return (
        clock_job(server.database, ClockRow, observe_clock, server.refresh_alerts, take_measurement),
        Job("tls", timedelta(minutes=10), partial(_tls, server), "renew the own TLS certificate, watch another's"),
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
