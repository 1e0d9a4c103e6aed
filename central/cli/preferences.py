"""`central flag | preferences`."""

from __future__ import annotations

import click

from central.actions import preferences as actions
from central.cli.base import group, reading, writing
from serverkit.cli.base import emit


@group.group("flag", help="Flags of an account.")
def flag() -> None:
    """Hold the commands of flags."""


@flag.command("show", help="Show the flags of an account.")
@click.argument("domain")
@click.pass_context
def flag_show(context: click.Context, domain: str) -> None:
    """Show flags."""
    with reading(context) as (_, unit):
        found = actions.show_flags(unit, domain)
    emit(context, found)


@flag.command("set", help="Switch a flag of an account on or off, with a reason.")
@click.argument("domain")
@click.argument("key")
@click.argument("value", type=click.Choice(["on", "off"]))
@click.option("--note", required=True, help="Why it is changed; kept in the event log.")
@click.pass_context
def flag_set(context: click.Context, domain: str, key: str, value: str, note: str) -> None:
    """Set a flag."""
    with writing(context) as (_, unit):
        found = actions.set_flag(unit, domain, key, on=value == "on", note=note)
    emit(context, found)


@group.group("preferences", help="What users are mailed about.")
def preferences() -> None:
    """Hold the commands of preferences."""


@preferences.command("show", help="Show what of an account a user is mailed about.")
@click.argument("domain")
@click.argument("user")
@click.pass_context
def preferences_show(context: click.Context, domain: str, user: str) -> None:
    """Show preferences."""
    with reading(context) as (_, unit):
        found = actions.show_preferences(unit, domain, user)
    emit(context, found)


@preferences.command("set", help="Change what of an account a user is mailed about.")
@click.argument("domain")
@click.argument("user")
@click.option("--address", default="", metavar="ADDR", help="Where mail goes; empty for none.")
@click.option("--event", "kinds", multiple=True, metavar="NAME", help="What is mailed; several times for several.")
@click.option("--at-once/--not-at-once", default=True, help="Mail within a minute.")
@click.option("--summary/--no-summary", default=False, help="Mail a daily summary.")
@click.option("--zone", default="", metavar="ZONE", help="Time zone of mails and summary; empty for that of central.")
@click.pass_context
def preferences_set(
    context: click.Context,
    domain: str,
    user: str,
    address: str,
    kinds: tuple[str, ...],
    at_once: bool,
    summary: bool,
    zone: str,
) -> None:
    """Change preferences."""
    with writing(context) as (_, unit):
        found = actions.set_preferences(
            unit, domain, address, kinds, at_once=at_once, summary=summary, zone=zone, user=user
        )
    emit(context, found)
