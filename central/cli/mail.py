"""`central mail`."""

from __future__ import annotations

import click

from central.actions import mail as actions
from central.cli.base import group, opened, reading
from serverkit.actor import OPERATOR
from serverkit.cli.base import emit, emit_list


@group.group("mail", help="Show the outbox, test the mail settings.")
def mail() -> None:
    """Hold the commands of mail."""


@mail.command("list", help="List the outbox: queued, sent and failed mails, with the reason.")
@click.pass_context
def mail_list(context: click.Context) -> None:
    """List the outbox."""
    with reading(context) as (_, unit):
        items = actions.list_mail(unit, actions.NEWEST).items
    emit_list(context, items, ("at", "to", "subject", "state", "attempts", "last_error"))


@mail.command("test", help="Send a test mail now and show the answer of the mail server.")
@click.option("--to", required=True, metavar="ADDR")
@click.pass_context
def mail_test(context: click.Context, to: str) -> None:
    """Send a test mail."""
    emit(context, actions.send_test_mail(opened(context), OPERATOR, to))
