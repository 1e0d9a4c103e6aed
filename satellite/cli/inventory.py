"""`satellite licences | instances | instance | alerts | alert | events | export-queue | conversions`."""

from __future__ import annotations

import click

from exchange.identity import Udi
from satellite.actions import alerts as alert_actions
from satellite.actions import event_log, export_queue, instances, licences, unit_replacements
from satellite.actions.conversions import list_conversions
from satellite.cli.base import group, reading, writing
from serverkit.cli.base import emit, emit_list
from serverkit.db.windows import Part

VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")


@group.command("licences", help="List licences: purchased, in use, balance.")
@VIRTUAL_ACCOUNT
@click.pass_context
def licences_list(context: click.Context, name: str | None) -> None:
    """List licences."""
    with reading(context) as (_, unit):
        items = licences.list_licences(unit, name)
    emit_list(
        context,
        items,
        ("virtual_account", "name", "tag", "billing", "purchased", "in_use", "balance", "status", "upcoming", "until"),
    )


@group.command("instances", help="List product instances.")
@VIRTUAL_ACCOUNT
@click.pass_context
def instances_list(context: click.Context, name: str | None) -> None:
    """List product instances."""
    with reading(context) as (_, unit):
        items = instances.list_instances(unit, name)
    emit_list(context, items, ("name", "pid", "serial", "virtual_account", "last_contact", "state", "id"))


@group.group("instance", help="Manage one product instance.")
def instance() -> None:
    """Hold the commands of one instance."""


@instance.command("remove", help="Remove a product instance and free its ordinary licences.")
@click.argument("instance_id", metavar="ID")
@click.pass_context
def instance_remove(context: click.Context, instance_id: str) -> None:
    """Remove an instance."""
    with writing(context) as (_, unit):
        found = instances.remove_instance(unit, instance_id)
    emit(context, found)


@instance.command("transfer", help="Transfer a product instance to another virtual account of this satellite.")
@click.argument("instance_id", metavar="ID")
@click.option("--to", "--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def instance_transfer(context: click.Context, instance_id: str, name: str) -> None:
    """Transfer an instance."""
    with writing(context) as (_, unit):
        found = instances.transfer_instance(unit, instance_id, name)
    emit(context, found)


@instance.command("replace", help="Name the machine that replaces a unit of a product instance.")
@click.argument("instance_id", metavar="ID")
@click.option("--pid", required=True, metavar="PID", help="Product id of the machine that takes its place.")
@click.option("--serial", required=True, metavar="SERIAL", help="Its serial number.")
@click.option("--uuid", metavar="UUID", help="Its UUID, if it has one.")
@click.option(
    "--unit", "of", metavar="SERIAL", help="Serial number of the unit that is replaced; the active one if not given."
)
@click.pass_context
def instance_replace(
    context: click.Context, instance_id: str, pid: str, serial: str, uuid: str | None, of: str | None
) -> None:
    """Replace a unit."""
    with writing(context) as (_, unit):
        found = unit_replacements.replace_unit(unit, instance_id, Udi(pid=pid, serial=serial, uuid=uuid), of)
    emit(context, found)


@group.command("alerts", help="List alerts, most urgent first.")
@VIRTUAL_ACCOUNT
@click.option("--all", "every", is_flag=True, help="Include postponed, dismissed and cleared alerts.")
@click.pass_context
def alerts_list(context: click.Context, name: str | None, every: bool) -> None:
    """List alerts."""
    with reading(context) as (_, unit):
        items = alert_actions.list_alerts(unit, name, every=every)
    emit_list(context, items, ("severity", "kind", "message", "source", "action_due", "state", "id"))


@group.group("alert", help="Manage one alert.")
def alert() -> None:
    """Hold the commands of one alert."""


@alert.command("dismiss", help="Dismiss an alert until its condition recurs.")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_dismiss(context: click.Context, alert_id: str) -> None:
    """Dismiss an alert."""
    with writing(context) as (_, unit):
        found = alert_actions.dismiss_alert(unit, alert_id)
    emit(context, found)


@alert.command("restore", help="Open an alert again that was dismissed or postponed.")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_restore(context: click.Context, alert_id: str) -> None:
    """Open an alert again."""
    with writing(context) as (_, unit):
        found = alert_actions.restore_alert(unit, alert_id)
    emit(context, found)


@alert.command("remind", help="Postpone an alert until its next step.")
@click.argument("alert_id", metavar="ID")
@click.pass_context
def alert_remind(context: click.Context, alert_id: str) -> None:
    """Postpone an alert."""
    with writing(context) as (_, unit):
        found = alert_actions.remind_alert(unit, alert_id)
    emit(context, found)


@group.command("events", help="List the event log, newest first.")
@VIRTUAL_ACCOUNT
@click.pass_context
def events_list(context: click.Context, name: str | None) -> None:
    """List events."""
    with reading(context) as (_, unit):
        items = event_log.list_events(unit, name)
    emit_list(context, items, ("at", "kind", "actor", "message"))


@group.command("export-queue", help="List export-authorization requests.")
@VIRTUAL_ACCOUNT
@click.pass_context
def queue_list(context: click.Context, name: str | None) -> None:
    """List the queue."""
    with reading(context) as (_, unit):
        items = export_queue.list_export_queue(unit, name)
    emit_list(context, items, ("requested_at", "tag", "count", "state", "reason", "instance", "id"))


@group.command("conversions", help="List the requests of devices to convert their classic licences, newest first.")
@VIRTUAL_ACCOUNT
@click.pass_context
def conversion_list(context: click.Context, name: str | None) -> None:
    """List requests for conversion."""
    with reading(context) as (_, unit):
        window = list_conversions(unit, Part(most=None, filters={"virtual_account": name or ""}))
    columns = ("requested_at", "device", "skus", "state", "converted", "quantity", "id")
    emit_list(context, list(window.items), columns)
