"""Use cases of health: every check that the server can make of itself, at once (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.mail import sends_mail
from satellite.actions.readiness import checks
from satellite.actions.tls import ACTS as TLS
from satellite.core.operations.models import OutboxEntry
from satellite.core.operations.queries import SCHEDULER_SILENT, failing_jobs, last_sign
from satellite.core.site.queries import site_of, status
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.health_checks import HealthCheck, backup_check, certificate_check, each_cause_once, examine, tried
from serverkit.outbox import waiting
from serverkit.verdicts import Outcome


def examine_health(server: Satellite, unit: Unit, jobs: Sequence[str] = ()) -> list[HealthCheck]:
    """Check what `/readyz` looks at, then certificate, age of this copy, synchronization, jobs, scheduler, backups, mail."""
    certificate = certificate_check(server.home, TLS.wanted_names(server, unit), unit.now)
    found = examine(checks(server))
    own = [
        tried("copy", lambda: _copy(server, unit)),
        _synchronization(status(unit, site_of(unit)), unit),
        _jobs(unit, jobs),
        _scheduler(unit),
        tried("backups", lambda: backup_check(*BACKUPS.state(server, unit)), because="keys"),
        _mail(unit),
    ]
    return each_cause_once([*found, certificate, *own])


def _copy(server: Satellite, unit: Unit) -> HealthCheck:
    server.anchor.read()  # a damaged one counts as restored, and is named
    restored = server.is_restored(unit)
    return HealthCheck("copy", Outcome.FAIL if restored else Outcome.PASS, "restored" if restored else "the newest")


def _jobs(unit: Unit, jobs: Sequence[str]) -> HealthCheck:
    failing = failing_jobs(unit, jobs)
    return HealthCheck("jobs", Outcome.WARN if failing else Outcome.PASS, ", ".join(failing) or "all ended well")


def _scheduler(unit: Unit) -> HealthCheck:
    seen = last_sign(unit)
    if seen is None:
        return HealthCheck("scheduler", Outcome.WARN, "no job has run yet")
    runs = unit.now - seen < SCHEDULER_SILENT
    return HealthCheck("scheduler", Outcome.PASS if runs else Outcome.FAIL, "last seen {day}", seen, because="port")


def _mail(unit: Unit) -> HealthCheck:
    if not sends_mail(unit):
        return HealthCheck("mail", Outcome.SKIP, "no mail server is set")
    failed, troubled = waiting(unit, OutboxEntry)
    outcome = Outcome.FAIL if failed else Outcome.WARN if troubled else Outcome.PASS
    return HealthCheck("mail", outcome, f"{failed}/{troubled}" if failed or troubled else "delivers")


def _synchronization(site: dict[str, Any], unit: Unit) -> HealthCheck:
    if site["state"] != "authorized" or not site["sync_due"]:
        return HealthCheck("synchronization", Outcome.SKIP, "not registered")
    due, overdue = (datetime.fromisoformat(site[name]) for name in ("sync_due", "overdue_at"))
    now = unit.licence_now
    outcome = Outcome.FAIL if now >= overdue else Outcome.WARN if now >= due else Outcome.PASS
    return HealthCheck("synchronization", outcome, "due {day}", due)
