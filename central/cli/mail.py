"""`central mail`."""

from __future__ import annotations

import click

from central.actions import mail as actions
from central.cli.base import group, opened, reading, writing
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


@mail.command("retry", help="Try a mail that was not sent again at once.")
@click.argument("mail_id", metavar="ID")
@click.pass_context
def mail_retry(context: click.Context, mail_id: str) -> None:
    """Try a mail again."""
    with writing(context) as (_, unit):
        shown = actions.retry_mail(unit, mail_id)
    emit(context, shown)


@mail.command("show", help="Show how mail is sent.")
@click.pass_context
def mail_show(context: click.Context) -> None:
    """Show the settings of mail."""
    with reading(context) as (server, unit):
        shown = actions.show_mail_settings(server, unit)
    emit(context, shown)
