"""`doctor` of both servers: every check with its outcome, and what puts it right (row S3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from serverkit.cli.base import Group, cell, emit
from serverkit.doctor.checks import Finding, worst
from serverkit.verdicts import Outcome

Diagnose = Callable[[Path], Sequence[Finding]]


def add_doctor_command(group: Group, home: Callable[[click.Context], Path], diagnose: Diagnose) -> None:
    """Add the command to a program; `home` names the folder without judging it."""

    @group.command("doctor", help="Check machine, home and server: each check with its outcome and what puts it right.")
    @click.pass_context
    def doctor(context: click.Context) -> None:
        """Examine everything; exit code 1 if a check fails."""
        found = diagnose(home(context))
        outcome = worst(found)
        view = {
            "healthy": outcome is not Outcome.FAIL,
            "worst": outcome.value,
            "checks": [one.to_dict() for one in found],
        }
        emit(context, view, _text(view["checks"]))
        if outcome is Outcome.FAIL:
            context.exit(1)


def _text(checks: Any) -> str:
    width = max(len(one["name"]) for one in checks)
    lines = []
    for one in checks:
        lines.append(f"{one['outcome'].upper():4}  {one['name'].ljust(width)}  {cell(one['detail'])}".rstrip())
        if one["remedy"] is not None:
            lines.append(f"{'':{width + 8}}{cell(one['remedy'])} ({one['page']})")
    return "\n".join(lines)
