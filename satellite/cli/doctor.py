"""`satellite doctor` (row S3.5)."""

from __future__ import annotations

from pathlib import Path

from satellite.actions.doctor import diagnose_machine
from satellite.cli.base import OPENER, group
from satellite.jobs.catalogue import jobs_of
from serverkit.doctor.checks import Finding
from serverkit.doctor.cli import add_doctor_command


def _diagnose(home: Path) -> list[Finding]:
    return diagnose_machine(home, jobs_of)


add_doctor_command(group, OPENER.named, _diagnose)
