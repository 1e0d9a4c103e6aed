"""`central satellite | sync`."""

from __future__ import annotations

from pathlib import Path

import click

from central.cli.base import FILE, group, opened, reading, writing
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.satellites import services
from central.domain.satellites.queries import find_satellite, satellite_dict, satellites
from central.runtime import Central
from central.sync.make_authorization import authorize
from central.sync.receive_request import receive
from exchange.canonical import digest
from exchange.files.registration import Registration, read_registration
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.errors import FileUnreadableError
from serverkit.files import write_atomic


@group.group("satellite", help="Satellites of a customer.")
def satellite() -> None:
    """Hold the commands of satellites."""


def _registration(server: Central, file: Path) -> tuple[Registration, str]:
    try:
        with file.open("rb") as stream:
            return read_registration(stream, trust=server.keyring.trust)
    except OSError as error:
        raise FileUnreadableError(f"cannot read {file.name}: {error.strerror}") from error


@satellite.command("add", help="Take a satellite's registration file in.")
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
        account = by_domain(unit, domain)
        rows = [virtual_account(unit, account.id, each) for each in dict.fromkeys(names)]
        read, file_digest = _registration(server, registration)
        attached = services.add_satellite(unit, account, name, rows, read, file_digest, email)
        unit.session.flush()  # the description below counts what belongs to it
        found = {**satellite_dict(unit, attached.satellite), "revoked_tokens": attached.revoked_tokens}
    emit(context, found)


@satellite.command("approve", help="Approve a satellite that the policy holds.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_approve(context: click.Context, domain: str, name: str) -> None:
    """Approve a satellite."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = services.approve_satellite(unit, find_satellite(unit, account.id, name))
        found = satellite_dict(unit, row)
    emit(context, found)


@satellite.command("authorize", help="Write the satellite's authorization file.")
@click.argument("domain")
@click.argument("name")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def satellite_authorize(context: click.Context, domain: str, name: str, output: Path) -> None:
    """Write the authorization file."""
    with writing(context) as (server, unit):
        account = by_domain(unit, domain)
        row = find_satellite(unit, account.id, name)
        stored = authorize(unit, server.keyring, account, row)
        server.note_progress(unit)
        data = stored.response or b""
        found = {"satellite": row.id, "name": row.name, "epoch": stored.epoch, "sequence": 0, "counts": stored.counts}
    write_atomic(output, data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(data), **found})


@satellite.command("list", help="List the satellites of an account.")
@click.argument("domain")
@click.pass_context
def satellite_list(context: click.Context, domain: str) -> None:
    """List satellites."""
    with reading(context) as (_, unit):
        items = satellites(unit, by_domain(unit, domain).id)
    emit_list(context, items, ("name", "state", "instances", "last_sync", "sync_due", "virtual_accounts", "epoch"))


@satellite.command("rename", help="Give a satellite another name.")
@click.argument("domain")
@click.argument("name")
@click.argument("new_name")
@click.pass_context
def satellite_rename(context: click.Context, domain: str, name: str, new_name: str) -> None:
    """Rename a satellite."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = services.rename_satellite(unit, find_satellite(unit, account.id, name), new_name)
        found = satellite_dict(unit, row)
    emit(context, found)


@satellite.command("add-virtual-account", help="Give a satellite a further virtual account.")
@click.argument("domain")
@click.argument("name")
@click.argument("virtual_account_name", metavar="VA")
@click.pass_context
def satellite_extend(context: click.Context, domain: str, name: str, virtual_account_name: str) -> None:
    """Extend a satellite."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = find_satellite(unit, account.id, name)
        attached = services.extend_satellite(unit, row, virtual_account(unit, account.id, virtual_account_name))
        unit.session.flush()  # the description below lists it
        found = {**satellite_dict(unit, row), "revoked_tokens": attached.revoked_tokens}
    emit(context, found)


@satellite.command("remove", help="Take a satellite and its product instances off.")
@click.argument("domain")
@click.argument("name")
@click.pass_context
def satellite_remove(context: click.Context, domain: str, name: str) -> None:
    """Remove a satellite."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = find_satellite(unit, account.id, name)
        count = services.remove_satellite(unit, row)
        found = {"id": row.id, "name": name, "removed": True, "instances": count}
    emit(context, found)


@satellite.command("resync", help="Open the next epoch: after a fork or a restore with a fresh registration file.")
@click.argument("domain")
@click.argument("name")
@click.option("--registration", type=FILE)
@click.pass_context
def satellite_resync(context: click.Context, domain: str, name: str, registration: Path | None) -> None:
    """Resynchronize a satellite."""
    with writing(context) as (server, unit):
        account = by_domain(unit, domain)
        row = find_satellite(unit, account.id, name)
        read, file_digest = _registration(server, registration) if registration else (None, "")
        services.resync_satellite(unit, row, read, file_digest)
        found = satellite_dict(unit, row)
    emit(context, found)


@group.group("sync", help="Files of satellites.")
def sync() -> None:
    """Hold the commands of synchronization."""


@sync.command("import", help="Take a satellite's file in and write the response.")
@click.argument("file", type=FILE)
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def sync_import(context: click.Context, file: Path, output: Path) -> None:
    """Synchronize by file."""
    server = opened(context)
    try:
        received = receive(
            server.database, server.keyring, OPERATOR, lambda: file.open("rb"), server.note_progress, by_file=True
        )
    except OSError as error:
        raise FileUnreadableError(f"cannot read {file.name}: {error.strerror}") from error
    write_atomic(output, received.data, mode=0o644)
    emit(context, {"path": str(output), "sha256": digest(received.data), **received.facts})
