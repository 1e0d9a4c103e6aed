"""The doctor of central: its machine, its home, and what an open central knows of itself (row S3.5 at central)."""

from __future__ import annotations

from pathlib import Path

from central.actions.health import examine_health
from central.runtime import HOMES, Central, assemble, refuse_other_home
from central.settings import PREFIX, CentralSettings
from serverkit.db.unit import Unit
from serverkit.doctor.checks import Finding, Patient, diagnose
from serverkit.errors import AppError, Remedy
from serverkit.health_checks import HealthCheck

REMEDIES = {
    "certificate": Remedy("Renew it, or replace `tls/server.crt` and `tls/server.key`, then run `systemctl reload perigee-central`.", page="tls.md"),
    "copy": Remedy("Open new epochs by the next command, such as `central node list`, after deleting the anchor file where that is damaged; then synchronize every satellite.", page="backup-and-restore.md#after-restoring-central"),
    "keys": Remedy("Restore key files with `central restore FILE`; replace a key that ended with `central role-key replace response`.", page="troubleshooting.md#synchronization"),
    "scheduler": Remedy("Start the server: `systemctl start perigee-central`; until then no job runs and no mail leaves.", page="installation.md"),
    "backups": Remedy("Plan them: `central backup plan --every daily`; make one now: `central backup now`.", page="backup-and-restore.md"),
    "mail": Remedy("Read the causes with `central mail list`; test the settings with `central mail test`.", page="mail-and-log-server.md"),
    "satellites": Remedy("See which: `central satellite list`, or the alerts of their accounts.", page="synchronization.md"),
}  # fmt: skip
LEFT_OUT = {"disk", "home", "database"}
"""What `/readyz` looks at, too, and the doctor looks at more closely."""


def diagnose_machine(home: Path) -> list[Finding]:
    """Examine everything that central of this home needs; nothing is changed, and nothing leaves the machine."""

    def inside(server: Central, unit: Unit) -> list[HealthCheck]:
        return [one for one in examine_health(server, unit) if one.name not in LEFT_OUT]

    def own_central(server: Central) -> None:
        try:
            vendor = server.keyring.vendor_id
        except AppError:
            return  # the check of the keys names it
        refuse_other_home(server, vendor)

    patient = Patient(HOMES, CentralSettings, PREFIX, assemble, own_central, inside, REMEDIES)
    return diagnose(patient, home)
