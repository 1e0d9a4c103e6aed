"""Use cases of health: every check that the server can make of itself, at once (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from satellite.actions.readiness import checks
from satellite.actions.site import show_status
from satellite.actions.tls import show_tls
from satellite.core.operations.queries import failing_jobs
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.devices.health import run_checks
from serverkit.verdicts import Outcome

SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check: its name, what became of it, a detail for people, and the day that it names as `{day}`."""

    name: str
    outcome: Outcome
    detail: str
    day: datetime | None = None


def examine_health(server: Satellite, unit: Unit, jobs: Sequence[str] = ()) -> list[HealthCheck]:
    """Check what `/readyz` looks at, then the certificate, the age of this copy, synchronization, and how jobs ended last."""
    found = [
        HealthCheck(name, _of(name, ok=one.ok, detail=one.detail), one.detail)
        for name, one in run_checks(checks(server)).items()
    ]
    status = show_status(server, unit)
    return [*found, _certificate(server, unit), _copy(status), _synchronization(status, unit), _jobs(unit, jobs)]


def _of(name: str, *, ok: bool, detail: str) -> Outcome:
    if not ok:
        return Outcome.FAIL
    return Outcome.WARN if name == "clock" and detail != "believed" else Outcome.PASS


def _certificate(server: Satellite, unit: Unit) -> HealthCheck:
    found = show_tls(server, unit)
    if found["state"] == "none":
        return HealthCheck("certificate", Outcome.SKIP, "")
    if found["state"] == "unusable":
        return HealthCheck("certificate", Outcome.FAIL, found["error"].message)
    if found["ends_at"] <= unit.now:
        return HealthCheck("certificate", Outcome.FAIL, "ended on {day}", found["ends_at"])
    if found["lacking"]:
        return HealthCheck("certificate", Outcome.WARN, ", ".join(found["lacking"][:10]))
    soon = (found["ends_at"] - unit.now).days < SOON_DAYS
    return HealthCheck("certificate", Outcome.WARN if soon else Outcome.PASS, "until {day}", found["ends_at"])


def _copy(status: dict[str, Any]) -> HealthCheck:
    restored = bool(status["restored"])
    return HealthCheck("copy", Outcome.FAIL if restored else Outcome.PASS, "restored" if restored else "the newest")


def _jobs(unit: Unit, jobs: Sequence[str]) -> HealthCheck:
    failing = failing_jobs(unit, jobs)
    return HealthCheck("jobs", Outcome.WARN if failing else Outcome.PASS, ", ".join(failing) or "all ended well")


def _synchronization(status: dict[str, Any], unit: Unit) -> HealthCheck:
    if status["state"] != "authorized" or not status["sync_due"]:
        return HealthCheck("synchronization", Outcome.SKIP, "not registered")
    due, overdue = (datetime.fromisoformat(status[name]) for name in ("sync_due", "overdue_at"))
    now = unit.licence_now
    outcome = Outcome.FAIL if now >= overdue else Outcome.WARN if now >= due else Outcome.PASS
    return HealthCheck("synchronization", outcome, "due {day}", due)
