"""`central doctor` (row S3.5 at central)."""

from __future__ import annotations

from central.actions.doctor import diagnose_machine
from central.cli.base import OPENER, group
from serverkit.doctor.cli import add_doctor_command

add_doctor_command(group, OPENER.named, diagnose_machine)
