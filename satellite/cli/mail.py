"""`satellite mail | syslog` (row S3.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import mail as mail_actions
from satellite.actions import syslog as syslog_actions
from satellite.cli.base import FILE, group, opened, shows, writing
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import emit
from serverkit.db.unit import Unit
from serverkit.files import read_bounded

AUTHORITIES = click.option("--ca", type=FILE, help="Authorities to trust, in PEM form.")


@group.group("mail", help="Mail about alerts: the mail server, the recipients, a test.")
def mail() -> None:
    """Hold the commands of mail."""


@shows(mail, "show", "Show the settings of mail, and the newest mails.")
def mail_show(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show mail."""
    return mail_actions.show_mail(unit)


@mail.command("set", help="Change the settings of mail; what is not named stays.")
@click.option("--host", help="Mail server, or empty to send no mail.")
@click.option("--port", type=click.IntRange(1, 65_535))
@click.option("--security", type=click.Choice(("starttls", "tls", "none")))
@AUTHORITIES
@click.option("--user", help="User name, or empty for none.")
@click.option("--password-file", type=FILE, help="File with the password.")
@click.option("--sender", help="Sender address.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ADDR",
    help="Recipient; all of them together. 'ADDR SEVERITY' tells it of alerts from this severity on.",
)
@click.option("--least", type=click.Choice(("major", "minor", "informational")), help="Least severity that is mailed.")
@click.pass_context
def mail_set(
    context: click.Context,
    /,
    ca: Path | None,
    password_file: Path | None,
    recipients: tuple[str, ...],
    **given: str | int | None,
) -> None:
    """Change mail."""
    changes = _given(given, ca)
    if recipients:
        changes["recipients"] = list(recipients)
    password = read_bounded(password_file, 1024).decode("utf-8", "replace").strip() if password_file else None
    with writing(context) as (server, unit):
        found = mail_actions.change_mail(server, unit, changes, password)
    emit(context, found)


@mail.command("test", help="Send a mail now; says what failed and why.")
@click.option("--to", default="", metavar="ADDR", help="Instead of the first recipient.")
@click.pass_context
def mail_test(context: click.Context, to: str) -> None:
    """Send a test mail."""
    emit(context, mail_actions.send_test_mail(opened(context), OPERATOR, to))


@group.group("syslog", help="The log server that every event is sent to (RFC 5424).")
def syslog() -> None:
    """Hold the commands of the log server."""


@shows(syslog, "show", "Show the log server, and how the last sending went.")
def syslog_show(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the log server."""
    return syslog_actions.show_syslog(unit)


@syslog.command("set", help="Change the log server; what is not named stays.")
@click.option("--host", help="Log server, or empty to send nothing.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0 for the usual port.")
@click.option("--transport", type=click.Choice(("udp", "tcp", "tls")))
@AUTHORITIES
@click.option("--facility", type=click.IntRange(0, 23), help="16 is local0.")
@click.pass_context
def syslog_set(context: click.Context, /, ca: Path | None, **given: str | int | None) -> None:
    """Change the log server."""
    changes = _given(given, ca)
    with writing(context) as (_, unit):
        found = syslog_actions.change_syslog(unit, changes)
    emit(context, found)


@syslog.command("test", help="Send a message now; says what failed and why.")
@click.pass_context
def syslog_test(context: click.Context) -> None:
    """Send a test message."""
    emit(context, syslog_actions.send_test_message(opened(context), OPERATOR))


def _given(given: dict[str, str | int | None], ca: Path | None) -> dict[str, Any]:
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if ca is not None:
        changes["authorities"] = read_bounded(ca, mail_actions.MOST_AUTHORITIES).decode("ascii", "replace")
    return changes
