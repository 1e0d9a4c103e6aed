"""Use cases of the clock: everyone may look, administrators change it (row S1.3)."""

from __future__ import annotations

from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.operations import services
from satellite.core.operations.models import ClockRow
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.db.unit import Unit
from serverkit.jobs.clock import MEASURE_EVERY, clock_job
from serverkit.jobs.runs import Job
from serverkit.licence_time import QUIET
from serverkit.time.acts import TimeActs
from serverkit.time.service import MOST_SERVERS
from serverkit.time.system import default_gateways, system_servers

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


def propose_time_server(unit: Unit) -> str:
    """Propose a time server: one that is set, one that the system uses, or the default gateway; empty where none is known."""
    found = [*ACTS.settings(unit)["servers"], *system_servers(), *default_gateways()]
    return next(iter(found), "")


def synchronize_time(server: Satellite, actor: Actor, name: str) -> dict[str, Any]:
    """Measure against a time server, and keep it for later where it answers (row S3.5).

    The system sets the clock; this only measures. `interval_seconds` is how often it is measured again while in doubt.
    """
    found = ACTS.measure(server, actor, [name])
    kept = False
    if found["offset_seconds"] is not None:
        with server.database.write(actor) as unit:
            servers = list(ACTS.settings(unit)["servers"])
            kept = name not in servers and len(servers) < MOST_SERVERS
            if kept:
                ACTS.change(unit, None, [*servers, name])
    return {
        "server": name,
        "synchronized": found["offset_seconds"] is not None and abs(found["offset_seconds"]) <= QUIET.total_seconds(),
        "saved": kept,
        "interval_seconds": int(MEASURE_EVERY.total_seconds()),
        **found,
    }


def make_clock_job(server: Satellite) -> Job:
    """The job that watches the clock, and measures the time while it is in doubt."""
    return clock_job(
        server.database, ClockRow, services.observe_clock, server.refresh_alerts, services.take_measurement
    )
