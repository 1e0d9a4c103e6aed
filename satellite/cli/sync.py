"""`satellite sync | privacy | status`."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.canonical import digest
from satellite.cli.base import FILE, group, opened, reading, writing
from satellite.core.site import services
from satellite.core.site.queries import history, site_of, status
from satellite.sync.apply_response import apply_response
from satellite.sync.make_request import export_request, prepare_request, preview
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.errors import FileUnreadableError
from serverkit.files import write_atomic
from serverkit.time.service import clock_words


@group.command("status", help="Show the state of the satellite.")
@click.pass_context
def show_status(context: click.Context) -> None:
    """Show the state."""
    with reading(context) as (server, unit):
        state = clock_words(unit.reading) if unit.reading else None
        found = {**status(unit, site_of(unit)), "restored": server.is_restored(unit), "clock": state}
    emit(context, found)


@group.group("sync", help="Synchronization by files or by network.")
def sync() -> None:
    """Hold the commands of synchronization."""


@sync.command("export", help="Write the file for central.")
@click.option("--output", required=True, type=OUTPUT)
@click.option("--full", is_flag=True, help="Everything, not only what changed.")
@click.pass_context
def sync_export(context: click.Context, output: Path, full: bool) -> None:
    """Write a synchronization file."""
    with reading(context) as (server, unit):
        prepared = prepare_request(unit, server.keyring, full=full)
    with writing(context) as (server, unit):
        restored = server.is_restored(unit)
        done = export_request(unit, server.keyring, full=full, restored=restored, prepared=prepared)
        request, rseq = done.request, site_of(unit).applied_rseq
        found = {"epoch": request.epoch, "sequence": request.seq, "full": request.full, "counts": request.counts}
        waiting = request.seq - site_of(unit).acknowledged_seq
        data = request.content
    server.anchor.write(request.epoch, request.seq, rseq)
    write_atomic(output, data, mode=0o644)
    emit(
        context, {"path": str(output), "sha256": digest(data), **found, "fresh": done.fresh, "unacknowledged": waiting}
    )


@sync.command("preview", help="Show every row that the next file would hold.")
@click.pass_context
def sync_preview(context: click.Context) -> None:
    """Preview the next file."""
    with reading(context) as (server, unit):
        rows = preview(unit, server.keyring)
    counts = {kind: len(entries) for kind, entries in rows.items()}
    emit(context, {"rows": rows, "counts": counts})


@sync.command("import", help="Apply the response file from central.")
@click.argument("file", type=FILE)
@click.pass_context
def sync_import(context: click.Context, file: Path) -> None:
    """Apply a response."""
    server = opened(context)
    try:
        result = apply_response(server, OPERATOR, lambda: file.open("rb"))
    except OSError as error:
        raise FileUnreadableError(f"cannot read {file.name}: {error.strerror}") from error
    emit(
        context,
        {"outcome": result.outcome, "epoch": result.epoch, "sequence": result.sequence, "counts": result.counts},
    )


@sync.command("history", help="Show the steps of synchronization, newest first.")
@click.pass_context
def sync_history(context: click.Context) -> None:
    """Show the history."""
    with reading(context) as (_, unit):
        items = history(unit)
    emit_list(context, items, ("at", "step", "outcome", "epoch", "sequence", "counts", "detail"))


@group.group("privacy", help="What leaves the site.")
def privacy() -> None:
    """Hold the commands of privacy."""


@privacy.command("show", help="Show what becomes of each field.")
@click.pass_context
def privacy_show(context: click.Context) -> None:
    """Show privacy."""
    with reading(context) as (_, unit):
        found = dict(site_of(unit).privacy)
    emit(context, found)


@privacy.command("set", help="Choose send, pseudonym or drop for a field.")
@click.argument("field")
@click.argument("choice")
@click.pass_context
def privacy_set(context: click.Context, field: str, choice: str) -> None:
    """Set privacy."""
    with writing(context) as (_, unit):
        found = dict(services.set_privacy(unit, field, choice))
    emit(context, found)
