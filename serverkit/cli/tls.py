"""`tls show | request | discard | check | import | renew | reset`: the same commands for both servers (row S3.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from serverkit.cli.base import OUTPUT, CliState, Group, emit
from serverkit.cli.opening import FILE, Opener
from serverkit.cli.opening import Server as Opened
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.files import read_bounded, write_atomic
from serverkit.tls.acts import Secured, TlsActs
from serverkit.tls.pair import MOST_BYTES

KEY = click.option("--key", type=FILE, help="Its private key, where the request was not made here.")


class _Server(Opened, Secured, Protocol):
    """A server that was set up and has a certificate."""


S = TypeVar("S", bound=_Server)


def add_tls_commands(group: Group, acts: TlsActs[S], opener: Opener[S]) -> None:
    """Add the group `tls`."""
    tls = Group("tls", help="The server's TLS certificate: request, import, renew.")
    group.add_command(tls)

    @opener.shows(tls, "show", "Show the certificate, and the request that waits.")
    def show(server: S, unit: Unit) -> dict[str, Any]:
        """Show the certificate."""
        return _plain(acts.show(server, unit))

    @tls.command("request", help="Make a certificate request; the private key stays on this machine and waits.")
    @click.option("--name", "names", multiple=True, metavar="NAME", help="Host name or address; default: those in use.")
    @click.option("--organization", default="", help="Organization in the request.")
    @click.option("--output", required=True, type=OUTPUT)
    @click.pass_context
    def request(context: click.Context, names: tuple[str, ...], organization: str, output: Path) -> None:
        """Make a request."""
        with opener.writing(context) as (server, unit):
            wanted = list(names) or acts.propose_names(server, unit)
            made = acts.request(server, unit, wanted, organization)
        write_atomic(output, made, mode=0o644)
        emit(context, {"path": str(output), "names": wanted})

    @tls.command("discard", help="Remove the private key that waits, and its request.")
    @click.pass_context
    def discard(context: click.Context) -> None:
        """Remove what waits."""
        with opener.writing(context) as (server, unit):
            acts.discard_request(server, unit)
        emit(context, {"discarded": True})

    _add_changes(tls, acts, opener)


def _add_changes(tls: Group, acts: TlsActs[S], opener: Opener[S]) -> None:
    """Add what examines or changes the certificate."""

    @tls.command("check", help="Examine a certificate with its chain, and shake hands with it, without using it.")
    @click.argument("file", type=FILE)
    @KEY
    @click.pass_context
    def check(context: click.Context, file: Path, key: Path | None) -> None:
        """Examine a certificate."""
        data = read_bounded(file, MOST_BYTES)
        with opener.reading(context) as (server, unit):
            found = acts.check(server, unit, data, key)
        emit(context, _plain(found))
        if not found["usable"]:
            context.exit(1)

    @tls.command(
        "import", help="Examine a certificate with its chain, then use it; a running server loads it in seconds."
    )
    @click.argument("file", type=FILE)
    @KEY
    @click.pass_context
    def take(context: click.Context, file: Path, key: Path | None) -> None:
        """Import a certificate."""
        data = read_bounded(file, MOST_BYTES)
        with opener.writing(context) as (server, unit):
            found = acts.take(server, unit, data, key)
        emit(context, _plain(found))

    @tls.command("renew", help="Renew the certificate that the server made itself, with the same key.")
    @click.pass_context
    def renew(context: click.Context) -> None:
        """Renew the own certificate."""
        with opener.writing(context) as (server, unit):
            found = acts.renew(server, unit)
        emit(context, _plain(found))

    @tls.command("reset", help="Make a new key and an own certificate, whatever is in use; fingerprints change.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.pass_context
    def reset(context: click.Context, *, yes: bool) -> None:
        """Reset the certificate."""
        if not yes:
            if not context.ensure_object(CliState).may_ask:
                raise click.UsageError("a reset changes the fingerprints by which clients know this server; add --yes")
            click.confirm("Fingerprints change; agents that know one need the new one. Reset?", abort=True)
        with opener.writing(context) as (server, unit):
            found = acts.reset(server, unit)
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
