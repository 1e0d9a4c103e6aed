"""`satellite support` (row S3.5)."""

from __future__ import annotations

from pathlib import Path

import click

from satellite.actions.support import write_bundle
from satellite.cli.base import group, opened
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit


@group.group("support", help="Help for those who help: the support bundle.")
def support() -> None:
    """Hold the commands of support."""


@support.command("bundle", help="Write one file with logs, health, settings and versions, without secrets.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def support_bundle(context: click.Context, output: Path) -> None:
    """Write a bundle."""
    size = write_bundle(opened(context), OPERATOR, output, lambda _stage: None)
    emit(context, {"path": str(output), "size": size})
