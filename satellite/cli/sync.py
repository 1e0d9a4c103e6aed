"""`satellite sync | privacy | status`."""

from __future__ import annotations

from pathlib import Path

import click

from satellite.actions import privacy as privacy_actions
from satellite.actions import synchronization
from satellite.actions.site import show_status as state_of
from satellite.cli.base import FILE, group, opened, reading, writing
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.errors import FileUnreadableError
from serverkit.files import write_atomic


@group.command("status", help="Show the state of the satellite.")
@click.pass_context
def show_status(context: click.Context) -> None:
    """Show the state."""
    with reading(context) as (server, unit):
        found = state_of(server, unit)
    emit(context, found)


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


@sync.command("preview", help="Show every row of the next request.")
@click.pass_context
def sync_preview(context: click.Context) -> None:
    """Preview the next file."""
    with reading(context) as (server, unit):
        found = synchronization.preview_request(server, unit)
    emit(context, found)


@sync.command("import", help="Apply the response file from central.")
@click.argument("file", type=FILE)
@click.pass_context
def sync_import(context: click.Context, file: Path) -> None:
    """Apply a response."""
    server = opened(context)
    try:
        result = synchronization.import_response_file(server, OPERATOR, lambda: file.open("rb"))
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name, reason=error.strerror) from error
    emit(context, result.to_dict())


@sync.command("check", help="Verify a response file and show what it would bring; changes nothing.")
@click.argument("file", type=FILE)
@click.pass_context
def sync_check(context: click.Context, file: Path) -> None:
    """Check a response."""
    server = opened(context)
    try:
        found = synchronization.check_response_file(server, OPERATOR, lambda: file.open("rb"))
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name, reason=error.strerror) from error
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


@privacy.command("show", help="Show the choice for each field.")
@click.pass_context
def privacy_show(context: click.Context) -> None:
    """Show privacy."""
    with reading(context) as (_, unit):
        found = privacy_actions.show_privacy(unit)
    emit(context, found)


@privacy.command("set", help="Choose send, pseudonym or drop for a field.")
@click.argument("field")
@click.argument("choice")
@click.pass_context
def privacy_set(context: click.Context, field: str, choice: str) -> None:
    """Set privacy."""
    with writing(context) as (_, unit):
        found = privacy_actions.change_privacy(unit, {field: choice})
    emit(context, found)
