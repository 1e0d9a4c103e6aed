"""`central alerts | alert`."""

from __future__ import annotations

import click

from central.actions import alerts
from central.cli.base import group, reading, writing
from serverkit.cli.base import emit, emit_list


@group.command("alerts", help="List the alerts of an account, most urgent first.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
@click.option("--all", "every", is_flag=True, help="Include alerts that were put off, dismissed or cleared.")
@click.pass_context
def alerts_list(context: click.Context, domain: str, name: str | None, every: bool) -> None:
    """List alerts."""
    with reading(context) as (_, unit):
        items = alerts.list_alerts(unit, domain, name, every=every).items
    emit_list(context, items, ("severity", "kind", "message", "source", "action_due", "state", "id"))


@group.group("alert", help="Dismiss an alert or put it off.")
def alert() -> None:
    """Hold the commands of one alert."""


@alert.command("dismiss", help="Dismiss an alert until its condition recurs.")
@click.argument("domain")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_dismiss(context: click.Context, domain: str, alert_id: str) -> None:
    """Dismiss an alert."""
    with writing(context) as (_, unit):
        found = alerts.dismiss_alert(unit, domain, alert_id)
    emit(context, found)


@alert.command("restore", help="Open an alert again that was dismissed or postponed.")
@click.argument("domain")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_restore(context: click.Context, domain: str, alert_id: str) -> None:
    """Open an alert again."""
    with writing(context) as (_, unit):
        found = alerts.restore_alert(unit, domain, alert_id)
    emit(context, found)


@alert.command("remind", help="Postpone an alert until its next step.")
@click.argument("domain")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_remind(context: click.Context, domain: str, alert_id: str) -> None:
    """Put an alert off."""
    with writing(context) as (_, unit):
        found = alerts.remind_alert(unit, domain, alert_id)
    emit(context, found)
