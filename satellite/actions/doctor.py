"""The doctor of a satellite: its machine, its home, and what an open satellite knows of itself (row S3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from satellite.actions.health import examine_health
from satellite.runtime import HOMES, Satellite, assemble, refuse_other_home
from satellite.settings import PREFIX, SatelliteSettings
from satellite.sync.doctor import examine
from serverkit.actor import OPERATOR
from serverkit.db.unit import Unit
from serverkit.doctor.checks import Finding, Patient, diagnose
from serverkit.errors import Remedy
from serverkit.health_checks import HealthCheck
from serverkit.jobs.runs import Job
from serverkit.verdicts import Outcome

REMEDIES = {
    "set_up": Remedy("Finish the set-up: `satellite setup status` shows what lacks.", page="set-up.md#satellite"),
    "certificate": Remedy("Run `satellite tls show`; `satellite tls renew` for the satellite's own certificate, `satellite tls import` for yours.", page="tls.md"),
    "copy": Remedy("Resynchronize with central: `satellite registration export --output FILE`.", page="backup-and-restore.md#after-restoring-a-satellite"),
    "synchronization": Remedy("Run `satellite sync doctor`, which names one cause and its remedy; then synchronize.", page="synchronization.md"),
    "jobs": Remedy("Run one of them to see why it fails: `satellite jobs run NAME`.", page="troubleshooting.md#the-server"),
    "scheduler": Remedy("Start the server: `systemctl start perigee-satellite`; until then no job runs and no mail leaves.", page="installation.md"),
    "backups": Remedy("Plan them: `satellite backup plan --every daily`; make one now: `satellite backup now`.", page="backup-and-restore.md"),
    "mail": Remedy("Test the settings: `satellite mail test`.", page="mail-and-log-server.md"),
}  # fmt: skip
NAMED_BY = {
    **dict.fromkeys(("disk_full",), "disk"),
    **dict.fromkeys(("disk_read_only",), "home"),
    **dict.fromkeys(("key_missing",), "keys"),
    **dict.fromkeys(("site_restored", "anchor_damaged", "anchor_unreadable"), "copy"),
    **dict.fromkeys(("clock_ahead", "clock_behind"), "clock"),
}
"""Causes that stop a synchronization, by the check that looks for the same."""
LEFT_OUT = {"disk", "home", "database"}
"""What `/readyz` looks at, too, and the doctor looks at more closely."""


def diagnose_machine(home: Path, jobs_of: Callable[[Satellite], Sequence[Job]]) -> list[Finding]:
    """Examine everything that the satellite of this home needs; nothing is changed, and nothing leaves the machine."""

    def inside(server: Satellite, unit: Unit) -> list[HealthCheck]:
        jobs = [job.name for job in jobs_of(server)]
        found = [one for one in examine_health(server, unit, jobs) if one.name not in LEFT_OUT]
        return [_with_cause(server, one) if one.name == "synchronization" else one for one in found]

    patient = Patient(HOMES, SatelliteSettings, PREFIX, assemble, refuse_other_home, inside, REMEDIES)
    return diagnose(patient, home)


def _with_cause(server: Satellite, one: HealthCheck) -> HealthCheck:
    """The cause that the doctor of synchronization names, in place of how long it has been."""
    if one.outcome is Outcome.SKIP:
        return one
    cause = examine(server, OPERATOR, way=False)["cause"]
    if cause is None:
        return one
    said = f"{cause['code']}: {cause['message']}"
    return HealthCheck(one.name, Outcome.FAIL, said, because=NAMED_BY.get(cause["code"], ""))
