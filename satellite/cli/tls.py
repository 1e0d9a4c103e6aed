"""`satellite tls` (row S3.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import tls as actions
from satellite.cli.base import FILE, group, reading, shows, writing
from satellite.runtime import Satellite
from serverkit.cli.base import OUTPUT, CliState, emit
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.files import read_bounded, write_atomic
from serverkit.tls.pair import MOST_BYTES

KEY = click.option("--key", type=FILE, help="Its private key, where the request was not made here.")


@group.group("tls", help="The server's TLS certificate: request, import, renew.")
def tls() -> None:
    """Hold the commands of the certificate."""


@shows(tls, "show", "Show the certificate, and the request that waits.")
def tls_show(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the certificate."""
    return _plain(actions.show_tls(server, unit))


@tls.command("request", help="Make a certificate request; the private key stays on this machine and waits.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Host name or address; default: those in use.")
@click.option("--organization", default="", help="Organization in the request.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def tls_request(context: click.Context, names: tuple[str, ...], organization: str, output: Path) -> None:
    """Make a request."""
    with writing(context) as (server, unit):
        wanted = list(names) or actions.propose_names(server, unit)
        made = actions.request_certificate(server, unit, wanted, organization)
    write_atomic(output, made, mode=0o644)
    emit(context, {"path": str(output), "names": wanted})


@tls.command("discard", help="Remove the private key that waits, and its request.")
@click.pass_context
def tls_discard(context: click.Context) -> None:
    """Remove what waits."""
    with writing(context) as (server, unit):
        actions.discard_certificate_request(server, unit)
    emit(context, {"discarded": True})


@tls.command("check", help="Examine a certificate with its chain, and shake hands with it, without using it.")
@click.argument("file", type=FILE)
@KEY
@click.pass_context
def tls_check(context: click.Context, file: Path, key: Path | None) -> None:
    """Examine a certificate."""
    data = read_bounded(file, MOST_BYTES)
    with reading(context) as (server, unit):
        found = actions.check_certificate(server, unit, data, key)
    emit(context, _plain(found))
    if not found["usable"]:
        context.exit(1)


@tls.command("import", help="Examine a certificate with its chain, then use it; a running server loads it in seconds.")
@click.argument("file", type=FILE)
@KEY
@click.pass_context
def tls_import(context: click.Context, file: Path, key: Path | None) -> None:
    """Import a certificate."""
    data = read_bounded(file, MOST_BYTES)
    with writing(context) as (server, unit):
        found = actions.import_certificate(server, unit, data, key)
    emit(context, _plain(found))


@tls.command("renew", help="Renew the certificate that the server made itself, with the same key.")
@click.pass_context
def tls_renew(context: click.Context) -> None:
    """Renew the own certificate."""
    with writing(context) as (server, unit):
        found = actions.renew_own_certificate(server, unit)
    emit(context, _plain(found))


@tls.command("reset", help="Make a new key and an own certificate, whatever is in use; fingerprints change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def tls_reset(context: click.Context, *, yes: bool) -> None:
    """Reset the certificate."""
    if not yes:
        if not context.ensure_object(CliState).may_ask:
            raise click.UsageError("a reset changes the fingerprints by which clients know this server; add --yes")
        click.confirm("Fingerprints change; agents that know one need the new one. Reset?", abort=True)
    with writing(context) as (server, unit):
        found = actions.reset_certificate(server, unit)
    emit(context, _plain(found))


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in found.items() if name != "pem"}
    for name in ("begins_at", "ends_at"):
        if made.get(name) is not None:
            made[name] = iso(made[name])
    if "error" in made:
        error = made.pop("error")
        made |= {"code": error.code, "message": error.message, "remedy": str(error.remedy)}
    return made
