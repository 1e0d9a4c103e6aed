"""Use cases of health: every check that central can make of itself, at once (row S3.4 at central)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from central.actions.readiness import checks
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.operations.models import JobRun, OutboxEntry
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.health_checks import HealthCheck, certificate_check, examine
from serverkit.jobs.listing import BY_HAND
from serverkit.verdicts import Outcome

SCHEDULER_SILENT = timedelta(minutes=5)


def examine_health(server: Central, unit: Unit) -> list[HealthCheck]:
    """Check what `/readyz` looks at, then the certificate, the scheduler and mail."""
    require(unit, Permission.VENDOR_MANAGE)
    certificate = certificate_check(server.home, server.settings.server.names, unit.now)
    return [*examine(checks(server)), certificate, _scheduler(unit), _mail(server, unit)]


def _scheduler(unit: Unit) -> HealthCheck:
    seen = unit.session.scalar(select(func.max(JobRun.started)).where(~JobRun.slot.startswith(BY_HAND)))
    if seen is None:
        return HealthCheck("scheduler", Outcome.WARN, "no job has run yet")
    runs = unit.now - seen < SCHEDULER_SILENT
    return HealthCheck("scheduler", Outcome.PASS if runs else Outcome.FAIL, "last seen {day}", seen)


def _mail(server: Central, unit: Unit) -> HealthCheck:
    if server.settings.mail.host is None:
        return HealthCheck("mail", Outcome.SKIP, "no mail server is set")
    lost = OutboxEntry.sent_at.is_(None) & OutboxEntry.due_at.is_(None)
    failed = unit.session.scalar(select(func.count()).select_from(OutboxEntry).where(lost)) or 0
    troubled = (
        unit.session.scalar(
            select(func.count())
            .select_from(OutboxEntry)
            .where(OutboxEntry.due_at.is_not(None), OutboxEntry.attempts > 0)
        )
        or 0
    )
    outcome = Outcome.FAIL if failed else Outcome.WARN if troubled else Outcome.PASS
    return HealthCheck("mail", outcome, f"{failed}/{troubled}" if failed or troubled else "delivers")
