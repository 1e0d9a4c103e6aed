"""`central satellite | sync`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import satellites, site_files, synchronization
from central.cli.base import FILE, group, opened, reading, writing
from exchange.canonical import digest
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.files import write_atomic


@group.group("satellite", help="Satellites of a customer.")
def satellite() -> None:
    """Hold the commands of satellites."""


@satellite.command("add", help="Add a satellite from its registration file.")
@click.argument("domain")
@click.option("--name", required=True)
@click.option("--virtual-account", "names", required=True, multiple=True, metavar="VA")
@click.option("--registration", required=True, type=FILE)
@click.option("--email", metavar="ADDR")
@click.pass_context
def satellite_add(
    context: click.Context, domain: str, name: str, names: tuple[str, ...], registration: Path, email: str | None
) -> None:
    """Add a satellite."""
    with writing(context) as (server, unit):
        found = satellites.add_satellite(unit, server.keyring, domain, name, names, registration, email)
    emit(context, found)


@satellite.command("approve", help="Approve a satellite that waits for approval.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_approve(context: click.Context, domain: str, name: str) -> None:
    """Approve a satellite."""
    with writing(context) as (_, unit):
        found = satellites.approve_satellite(unit, domain, name)
    emit(context, found)


@satellite.command("authorize", help="Write the satellite's authorization file.")
@click.argument("domain")
@click.argument("name")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def satellite_authorize(context: click.Context, domain: str, name: str, output: Path) -> None:
    """Write the authorization file."""
    with writing(context) as (server, unit):
        made = satellites.authorize_satellite(unit, server, domain, name)
    write_atomic(output, made.data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(made.data), **made.view})


@satellite.command("list", help="List the satellites of an account.")
@click.argument("domain")
@click.pass_context
def satellite_list(context: click.Context, domain: str) -> None:
    """List satellites."""
    with reading(context) as (_, unit):
        items = satellites.list_satellites(unit, domain)
    emit_list(context, items, ("name", "state", "instances", "last_sync", "sync_due", "virtual_accounts", "epoch"))


@satellite.command("show", help="Show a satellite.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_show(context: click.Context, domain: str, name: str) -> None:
    """Show a satellite."""
    with reading(context) as (_, unit):
        found = satellites.show_satellite(unit, domain, name)
    emit(context, found)


@satellite.command("history", help="List a satellite's synchronizations, newest first.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_history(context: click.Context, domain: str, name: str) -> None:
    """List the synchronizations of a satellite."""
    with reading(context) as (_, unit):
        items = list(site_files.list_named_history(unit, domain, name).items)
    emit_list(context, items, ("epoch", "sequence", "response", "received_at", "counts", "request_kept"))


@satellite.command("file", help="Write a response of a satellite again, or with --request the request.")
@click.argument("domain")
@click.argument("name")
@click.argument("epoch", type=click.IntRange(0, 10**9))
@click.argument("sequence", type=click.IntRange(0, 10**15))
@click.option("--request", is_flag=True, help="The file that the satellite sent.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def satellite_file(
    context: click.Context, domain: str, name: str, epoch: int, sequence: int, output: Path, *, request: bool
) -> None:
    """Write a file of a satellite again."""
    with reading(context) as (_, unit):
        content = site_files.fetch_named_file(unit, domain, name, epoch, sequence, request=request)
    write_atomic(output, content, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(content), "epoch": epoch, "sequence": sequence})


@satellite.command("rename", help="Rename a satellite.")
@click.argument("domain")
@click.argument("name")
@click.argument("new_name")
@click.pass_context
def satellite_rename(context: click.Context, domain: str, name: str, new_name: str) -> None:
    """Rename a satellite."""
    with writing(context) as (_, unit):
        found = satellites.rename_satellite(unit, domain, name, new_name)
    emit(context, found)


@satellite.command("add-virtual-account", help="Add a virtual account to a satellite.")
@click.argument("domain")
@click.argument("name")
@click.argument("virtual_account_name", metavar="VA")
@click.pass_context
def satellite_extend(context: click.Context, domain: str, name: str, virtual_account_name: str) -> None:
    """Extend a satellite."""
    with writing(context) as (_, unit):
        found = satellites.extend_satellite(unit, domain, name, virtual_account_name)
    emit(context, found)


@satellite.command("remove", help="Remove a satellite and its product instances.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_remove(context: click.Context, domain: str, name: str) -> None:
    """Remove a satellite."""
    with writing(context) as (_, unit):
        found = satellites.remove_satellite(unit, domain, name)
    emit(context, found)


@satellite.command("resync", help="Start a new epoch; after a fork or a restore, with a new registration file.")
@click.argument("domain")
@click.argument("name")
@click.option("--registration", type=FILE)
@click.pass_context
def satellite_resync(context: click.Context, domain: str, name: str, registration: Path | None) -> None:
    """Resynchronize a satellite."""
    with writing(context) as (server, unit):
        found = satellites.resync_satellite(unit, server.keyring, domain, name, registration)
    emit(context, found)


@group.group("sync", help="Synchronization files of satellites.")
def sync() -> None:
    """Hold the commands of synchronization."""


@sync.command("import", help="Import a satellite's request file and write the response file.")
@click.argument("file", type=FILE)
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def sync_import(context: click.Context, file: Path, output: Path) -> None:
    """Synchronize by file."""
    made = synchronization.import_request_file(opened(context), OPERATOR, file)
    write_atomic(output, made.data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(made.data), **made.view})
