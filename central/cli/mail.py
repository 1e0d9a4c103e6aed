"""`central mail`: what waits in the outbox, and whether the settings of mail work."""

from __future__ import annotations

import click

from central.cli.base import group, opened, reading
from central.domain.operations.models import OutboxEntry
from serverkit.cli.base import emit, emit_list
from serverkit.mail.sender import send_test
from serverkit.outbox import entries


@group.group("mail", help="Mail that central sends.")
def mail() -> None:
    """Hold the commands of mail."""


@mail.command("list", help="List the outbox: what waits, was sent, or failed and why.")
@click.pass_context
def mail_list(context: click.Context) -> None:
    """List the outbox."""
    with reading(context) as (_, unit):
        items = entries(unit, OutboxEntry)
    emit_list(context, items, ("at", "to", "subject", "state", "attempts", "last_error"))


@mail.command("test", help="Send a mail at once and say what the server answers.")
@click.option("--to", required=True, metavar="ADDR")
@click.pass_context
def mail_test(context: click.Context, to: str) -> None:
    """Try the settings."""
    server = opened(context)
    settings = server.settings.mail
    send_test(settings, to, server.clock.now())
    emit(context, {"to": to, "host": settings.host, "security": settings.security, "sent": True})
