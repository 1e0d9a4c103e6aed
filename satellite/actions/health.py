"""Use cases of health: every check that the server can make of itself, at once (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.mail import sends_mail
from satellite.actions.readiness import checks
from satellite.actions.site import show_status
from satellite.actions.tls import ACTS as TLS
from satellite.core.operations.models import OutboxEntry
from satellite.core.operations.queries import failing_jobs
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.health_checks import HealthCheck, backup_check, certificate_check, examine
from serverkit.outbox import waiting
from serverkit.verdicts import Outcome


def examine_health(server: Satellite, unit: Unit, jobs: Sequence[str] = ()) -> list[HealthCheck]:
    """Check what `/readyz` looks at, then certificate, age of this copy, synchronization, jobs, backups and mail."""
    status = show_status(server, unit)
    certificate = certificate_check(server.home, TLS.wanted_names(server, unit), unit.now)
    found = examine(checks(server))
    own = [
        _copy(status),
        _synchronization(status, unit),
        _jobs(unit, jobs),
        backup_check(*BACKUPS.state(server, unit)),
        _mail(unit),
    ]
    return [*found, certificate, *own]


def _copy(status: dict[str, Any]) -> HealthCheck:
    restored = bool(status["restored"])
    return HealthCheck("copy", Outcome.FAIL if restored else Outcome.PASS, "restored" if restored else "the newest")


def _jobs(unit: Unit, jobs: Sequence[str]) -> HealthCheck:
    failing = failing_jobs(unit, jobs)
    return HealthCheck("jobs", Outcome.WARN if failing else Outcome.PASS, ", ".join(failing) or "all ended well")


def _mail(unit: Unit) -> HealthCheck:
    if not sends_mail(unit):
        return HealthCheck("mail", Outcome.SKIP, "no mail server is set")
    failed, troubled = waiting(unit, OutboxEntry)
    outcome = Outcome.FAIL if failed else Outcome.WARN if troubled else Outcome.PASS
    return HealthCheck("mail", outcome, f"{failed}/{troubled}" if failed or troubled else "delivers")


def _synchronization(status: dict[str, Any], unit: Unit) -> HealthCheck:
    if status["state"] != "authorized" or not status["sync_due"]:
        return HealthCheck("synchronization", Outcome.SKIP, "not registered")
    due, overdue = (datetime.fromisoformat(status[name]) for name in ("sync_due", "overdue_at"))
    now = unit.licence_now
    outcome = Outcome.FAIL if now >= overdue else Outcome.WARN if now >= due else Outcome.PASS
    return HealthCheck("synchronization", outcome, "due {day}", due)
