"""`central mail`."""

from __future__ import annotations

from typing import Any

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


@mail.command("routes", help="Show who is mailed about the vendor's own alerts, and from which severity on.")
@click.pass_context
def mail_routes(context: click.Context) -> None:
    """Show the routes."""
    with reading(context) as (_, unit):
        shown = actions.show_mail_routes(unit)
    emit(context, shown)


@mail.command("route", help="Change who is mailed about the vendor's own alerts; what is not named stays.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ADDR",
    help="Recipient; all of them together. 'ADDR SEVERITY' tells it of alerts from this severity on.",
)
@click.option("--nobody", is_flag=True, help="Mail to nobody.")
@click.option("--least", type=click.Choice(("major", "minor", "informational")), help="Least severity that is mailed.")
@click.pass_context
def mail_route(context: click.Context, recipients: tuple[str, ...], *, nobody: bool, least: str | None) -> None:
    """Change the routes."""
    changes: dict[str, Any] = {} if least is None else {"least": least}
    if recipients or nobody:
        changes["recipients"] = [] if nobody else list(recipients)
    with writing(context) as (_, unit):
        shown = actions.change_mail_routes(unit, changes)
    emit(context, shown)
