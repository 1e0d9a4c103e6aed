"""`satellite sync | privacy | status`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import privacy as privacy_actions
from satellite.actions import synchronization
from satellite.actions.site import show_status as state_of
from satellite.cli.base import FILE, group, opened, readable, reading, shows, writing
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.db.unit import Unit
from serverkit.files import write_atomic


@shows(group, "status", "Show the state of the satellite.")
def show_status(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the state."""
    return state_of(server, unit)


@group.group("sync", help="Synchronize with central by files or over the network.")
def sync() -> None:
    """Hold the commands of synchronization."""


@sync.command("export", help="Write a request file for central.")
@click.option("--output", required=True, type=OUTPUT)
@click.option("--full", is_flag=True, help="Send everything, not only changes.")
@click.pass_context
def sync_export(context: click.Context, output: Path, full: bool) -> None:
    """Write a synchronization file."""
    request = synchronization.export_request(opened(context), OPERATOR, full=full)
    write_atomic(output, request.content, mode=0o644)
    emit(context, {"path": str(output), **request.view})


@shows(sync, "preview", "Show every row of the next request.")
def sync_preview(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Preview the next file."""
    return synchronization.preview_request(server, unit)


@sync.command("import", help="Apply the response file from central.")
@click.argument("file", type=FILE)
@click.pass_context
def sync_import(context: click.Context, file: Path) -> None:
    """Apply a response."""
    server = opened(context)
    with readable(file) as open_file:
        result = synchronization.import_response_file(server, OPERATOR, open_file)
    emit(context, result.to_dict())


@sync.command("check", help="Verify a response file and show what it would bring; changes nothing.")
@click.argument("file", type=FILE)
@click.pass_context
def sync_check(context: click.Context, file: Path) -> None:
    """Check a response."""
    server = opened(context)
    with readable(file) as open_file:
        found = synchronization.check_response_file(server, OPERATOR, open_file)
    emit(context, found)


@sync.command("history", help="Show the steps of synchronization, newest first.")
@click.pass_context
def sync_history(context: click.Context) -> None:
    """Show the history."""
    with reading(context) as (_, unit):
        items = synchronization.list_history(unit)
    emit_list(context, items, ("at", "step", "outcome", "epoch", "sequence", "counts", "detail"))


@group.group("privacy", help="Choose what leaves the site.")
def privacy() -> None:
    """Hold the commands of privacy."""


@shows(privacy, "show", "Show the choice for each field.")
def privacy_show(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show privacy."""
    return privacy_actions.show_privacy(unit)


@privacy.command("set", help="Choose send, pseudonym or drop for a field.")
@click.argument("field")
@click.argument("choice")
@click.pass_context
def privacy_set(context: click.Context, field: str, choice: str) -> None:
    """Set privacy."""
    with writing(context) as (_, unit):
        found = privacy_actions.change_privacy(unit, {field: choice})
    emit(context, found)
