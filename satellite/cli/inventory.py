"""`satellite licences | instances | instance | alerts | alert | events | export-queue`."""

from __future__ import annotations

import click

from satellite.cli.base import chosen, group, reading, writing
from satellite.core.accounts.queries import names, virtual_account
from satellite.core.activity.queries import events
from satellite.core.alerts.services import alert_dict, book, dismiss_alert, remind_alert
from satellite.core.export_queue.queries import held_units, queue
from satellite.core.instances.queries import find_instance, instances
from satellite.core.instances.services import refuse_holder, remove_instance, transfer_instance
from satellite.core.licences.queries import licences
from satellite.core.site.queries import site_of
from serverkit.cli.base import emit, emit_list

VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")


@group.command("licences", help="Licences: purchased, in use, balance.")
@VIRTUAL_ACCOUNT
@click.pass_context
def licences_list(context: click.Context, name: str | None) -> None:
    """List licences."""
    with reading(context) as (_, unit):
        items = licences(unit, names(unit), chosen(unit, name))
    emit_list(
        context,
        items,
        ("virtual_account", "name", "tag", "billing", "purchased", "in_use", "balance", "status", "upcoming", "until"),
    )


@group.command("instances", help="Product instances.")
@VIRTUAL_ACCOUNT
@click.pass_context
def instances_list(context: click.Context, name: str | None) -> None:
    """List product instances."""
    with reading(context) as (_, unit):
        items = instances(unit, names(unit), chosen(unit, name), site_of(unit).name, held_units(unit))
    emit_list(context, items, ("name", "pid", "serial", "virtual_account", "last_contact", "state", "id"))


@group.group("instance", help="One product instance.")
def instance() -> None:
    """Hold the commands of one instance."""


@instance.command("remove", help="Remove a product instance; its ordinary licences are freed.")
@click.argument("instance_id", metavar="ID")
@click.pass_context
def instance_remove(context: click.Context, instance_id: str) -> None:
    """Remove an instance."""
    with writing(context) as (_, unit):
        row = find_instance(unit, instance_id)
        refuse_holder(unit, row.id)
        remove_instance(unit, row)
    emit(context, {"id": instance_id, "removed": True})


@instance.command("transfer", help="Move a product instance to another virtual account of this satellite.")
@click.argument("instance_id", metavar="ID")
@click.option("--to", "--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def instance_transfer(context: click.Context, instance_id: str, name: str) -> None:
    """Transfer an instance."""
    with writing(context) as (_, unit):
        transfer_instance(unit, find_instance(unit, instance_id), virtual_account(unit, name))
    emit(context, {"id": instance_id, "virtual_account": name})


@group.command("alerts", help="Alerts, most urgent first.")
@VIRTUAL_ACCOUNT
@click.option("--all", "every", is_flag=True, help="Also those put off, dismissed and cleared.")
@click.pass_context
def alerts_list(context: click.Context, name: str | None, every: bool) -> None:
    """List alerts."""
    with writing(context) as (server, unit):
        server.refresh_alerts(unit)
        rows, va = book().open_ones(unit, every=every), chosen(unit, name)
        items = [alert_dict(row) for row in rows if va is None or row.subject.get("virtual_account") == va]
    emit_list(context, items, ("severity", "kind", "message", "source", "action_due", "state", "id"))


@group.group("alert", help="One alert.")
def alert() -> None:
    """Hold the commands of one alert."""


@alert.command("dismiss", help="Dismiss an alert until its condition recurs.")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_dismiss(context: click.Context, alert_id: str) -> None:
    """Dismiss an alert."""
    with writing(context) as (_, unit):
        found = alert_dict(dismiss_alert(unit, alert_id))
    emit(context, found)


@alert.command("remind", help="Put an alert off until its next step.")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_remind(context: click.Context, alert_id: str) -> None:
    """Put an alert off."""
    with writing(context) as (_, unit):
        found = alert_dict(remind_alert(unit, alert_id))
    emit(context, found)


@group.command("events", help="The event log, newest first.")
@VIRTUAL_ACCOUNT
@click.pass_context
def events_list(context: click.Context, name: str | None) -> None:
    """List events."""
    with reading(context) as (_, unit):
        items = events(unit, chosen(unit, name))
    emit_list(context, items, ("at", "kind", "actor", "message"))


@group.command("export-queue", help="Restricted licences on their way.")
@VIRTUAL_ACCOUNT
@click.pass_context
def queue_list(context: click.Context, name: str | None) -> None:
    """List the queue."""
    with reading(context) as (_, unit):
        items = queue(unit, chosen(unit, name))
    emit_list(context, items, ("requested_at", "tag", "count", "state", "reason", "instance", "id"))
