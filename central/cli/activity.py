"""`central alerts | alert | events | transactions`."""

from __future__ import annotations

import click

from central.actions import alerts, events
from central.cli.base import group, reading, writing
from serverkit.cli.base import INTEGER, emit, emit_list, emit_page
from serverkit.db.paging import Slice

MOST = 10_000
VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
LIMIT = click.option("--limit", type=INTEGER, default=MOST, show_default=True, help="Maximum number of entries.")
AFTER = click.option("--after", metavar="KEY", help="Continue after this entry: the `next` of the previous call.")


@group.command("alerts", help="List the alerts of an account, most urgent first.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
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


@group.command("events", help="List the events of an account, newest first; without one, the vendor's own.")
@click.argument("domain", required=False)
@VIRTUAL_ACCOUNT
@LIMIT
@AFTER
@click.pass_context
def events_list(context: click.Context, domain: str | None, name: str | None, limit: int, after: str | None) -> None:
    """List events."""
    if domain is None and name is not None:
        raise click.UsageError("--virtual-account needs an account")
    with reading(context) as (_, unit):
        found = events.list_events(unit, domain, name, _part(limit, after))
    emit_page(context, found.items, ("at", "kind", "actor", "message"), found.next)


@group.command("transactions", help="List the licence transactions of an account, newest first.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
@LIMIT
@AFTER
@click.pass_context
def transactions_list(context: click.Context, domain: str, name: str | None, limit: int, after: str | None) -> None:
    """List transactions."""
    with reading(context) as (_, unit):
        found = events.list_transactions(unit, domain, name, _part(limit, after))
    columns = ("at", "action", "count", "tag", "type", "source", "order_number", "virtual_account", "user")
    emit_page(context, found.items, columns, found.next)


def _part(limit: int, after: str | None) -> Slice:
    if limit < 1:
        raise click.UsageError("--limit must be at least 1")
    return Slice(limit, after)
