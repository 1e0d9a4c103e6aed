"""Use cases of health: every check that central can make of itself, at once (row S3.4 at central)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from central.actions.backups import ACTS as BACKUPS
from central.actions.readiness import checks
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.models import Alert
from central.domain.operations.models import JobRun, OutboxEntry
from central.domain.operations.rules import Origin
from central.runtime import Central
from central.sync.restored_central import origin
from serverkit.alerts.engine import AlertState
from serverkit.db.unit import Unit
from serverkit.health_checks import HealthCheck, backup_check, certificate_check, each_cause_once, examine, tried
from serverkit.jobs.listing import BY_HAND
from serverkit.outbox import waiting
from serverkit.verdicts import Outcome

SCHEDULER_SILENT = timedelta(minutes=5)


def examine_health(server: Central, unit: Unit) -> list[HealthCheck]:
    """Check what `/readyz` looks at, then certificate, age of this copy, satellites, scheduler, backups and mail."""
    require(unit, Permission.VENDOR_MANAGE)
    certificate = certificate_check(server.home, server.settings.server.names, unit.now)
    own = [
        tried("copy", lambda: _copy(server, unit)),
        _satellites(unit),
        _scheduler(unit),
        tried("backups", lambda: backup_check(*BACKUPS.state(server, unit)), because="keys"),
        _mail(server, unit),
    ]
    return each_cause_once([*examine(checks(server)), certificate, *own])


def _copy(server: Central, unit: Unit) -> HealthCheck:
    restored = origin(unit, server.anchor.read(), server.place) is Origin.RESTORED
    return HealthCheck("copy", Outcome.FAIL if restored else Outcome.PASS, "restored" if restored else "the newest")


def _satellites(unit: Unit) -> HealthCheck:
    late = unit.session.scalar(
        select(func.count())
        .select_from(Alert)
        .where(Alert.kind == "satellite_sync_overdue", Alert.state != AlertState.CLEARED)
    )
    return HealthCheck("satellites", Outcome.WARN if late else Outcome.PASS, str(late) if late else "none is overdue")


def _scheduler(unit: Unit) -> HealthCheck:
    seen = unit.session.scalar(select(func.max(JobRun.started)).where(~JobRun.slot.startswith(BY_HAND)))
    if seen is None:
        return HealthCheck("scheduler", Outcome.WARN, "no job has run yet")
    runs = unit.now - seen < SCHEDULER_SILENT
    return HealthCheck("scheduler", Outcome.PASS if runs else Outcome.FAIL, "last seen {day}", seen, because="port")


def _mail(server: Central, unit: Unit) -> HealthCheck:
    if server.settings.mail.host is None:
        return HealthCheck("mail", Outcome.SKIP, "no mail server is set")
    failed, troubled = waiting(unit, OutboxEntry)
    outcome = Outcome.FAIL if failed else Outcome.WARN if troubled else Outcome.PASS
    return HealthCheck("mail", outcome, f"{failed}/{troubled}" if failed or troubled else "delivers")
