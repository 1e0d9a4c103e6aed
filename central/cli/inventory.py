"""`central licences | instances | instance`."""

from __future__ import annotations

import click

from central.actions import adding, instance_details, instance_plans, instances, licences, unit_replacements
from central.cli.base import group, reading, units_by_licence, writing
from exchange.identity import Udi
from serverkit.cli.base import emit, emit_list

VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")


@group.command("licences", help="List licences: purchased, in use, balance.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
@click.pass_context
def licences_list(context: click.Context, domain: str, name: str | None) -> None:
    """List licences."""
    with reading(context) as (_, unit):
        items = licences.list_licences(unit, domain, [name] if name is not None else None)
    columns = (
        "virtual_account",
        "name",
        "tag",
        "billing",
        "purchased",
        "pending",
        "in_use",
        "reserved",
        "balance",
        "status",
        "upcoming",
        "until",
    )
    emit_list(context, items, columns)


@group.command("instances", help="List product instances.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
@click.pass_context
def instances_list(context: click.Context, domain: str, name: str | None) -> None:
    """List product instances."""
    with reading(context) as (_, unit):
        items = instances.list_instances(unit, domain, name)
    emit_list(context, items, ("name", "pid", "serial", "virtual_account", "satellite", "last_contact", "state", "id"))


@group.group("instance", help="One product instance.")
def instance() -> None:
    """Hold the commands of one instance."""


@instance.command("show", help="Show a product instance with its licences by term, its product and its reservation.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.pass_context
def instance_show(context: click.Context, domain: str, instance_id: str) -> None:
    """Show an instance."""
    with reading(context) as (_, unit):
        found = instance_details.show_instance_details(unit, domain, instance_id)
    emit(context, found)


@instance.command("remove", help="Remove a product instance and free its ordinary licences.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--release-restricted", is_flag=True, help="Release its restricted licences too.")
@click.option(
    "--release-unrestricted",
    is_flag=True,
    help="Release only its other licences; the device and its restricted ones stay.",
)
@click.option("--preview", is_flag=True, help="Only show whether it can be removed and what can be released.")
@click.option("--reason", default="", help="Why they are released; kept in the log.")
@click.option("--return-code", default="", metavar="CODE", help="The return code of a device with reserved licences.")
@click.pass_context
def instance_remove(
    context: click.Context,
    domain: str,
    instance_id: str,
    release_restricted: bool,
    release_unrestricted: bool,
    preview: bool,
    reason: str,
    return_code: str,
) -> None:
    """Remove an instance."""
    if release_restricted and release_unrestricted:
        raise click.UsageError("--release-restricted and --release-unrestricted exclude each other")
    if preview:
        with reading(context) as (_, unit):
            instances.show_instance(unit, domain, instance_id)  # says that it is not there
            [plan] = instance_plans.plan_removals(unit, domain, [instance_id])
        emit(context, plan.shown())
        return
    if release_unrestricted:
        with writing(context) as (_, unit):
            freed = instances.release_unrestricted(unit, domain, instance_id)
        emit(context, freed)
        return
    with writing(context) as (server, unit):
        found = instances.remove_instance(
            unit,
            server.keyring,
            domain,
            instance_id,
            release_restricted=release_restricted,
            reason=reason,
            return_code=return_code,
        )
    emit(context, found)


@instance.command("add-licences", help="Add the licences that come with a device; without --licence, list them.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option(
    "--licence", "licences", multiple=True, metavar="TAG=QUANTITY", help="Units of a licence, by tag or name."
)
@click.option("--preview", is_flag=True, help="Only say whether these can be added.")
@click.pass_context
def instance_add_licences(
    context: click.Context, domain: str, instance_id: str, licences: tuple[str, ...], preview: bool
) -> None:
    """Add licences of an instance."""
    wanted = units_by_licence(licences)
    if not licences:
        with reading(context) as (_, unit):
            items = adding.list_additions(unit, domain, instance_id)
        emit_list(context, items, ("name", "tag", "available", "included", "added", "elsewhere"))
        return
    if preview:
        with reading(context) as (_, unit):
            judged = adding.judge_licences(unit, domain, instance_id, wanted)
        emit(context, judged)
        return
    with writing(context) as (_, unit):
        found = adding.add_licences(unit, domain, instance_id, wanted)
    emit(context, found)


@instance.command("release", help="Release restricted licences that a former key of a device holds; the device stays.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--reason", required=True, help="Why they are released; kept in the log.")
@click.pass_context
def instance_release(context: click.Context, domain: str, instance_id: str, reason: str) -> None:
    """Release what a former key holds."""
    with writing(context) as (server, unit):
        found = instances.release_former(unit, server.keyring, domain, instance_id, reason)
    emit(context, found)


@instance.command("transfer", help="Move a product instance to another virtual account.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--to", "--virtual-account", "name", required=True, metavar="VA")
@click.option("--preview", is_flag=True, help="Only show what moves along, first the restricted licences.")
@click.pass_context
def instance_transfer(context: click.Context, domain: str, instance_id: str, name: str, preview: bool) -> None:
    """Transfer an instance."""
    if preview:
        with reading(context) as (_, unit):
            instances.show_instance(unit, domain, instance_id)  # says that it is not there
            [plan] = instance_plans.plan_transfers(unit, domain, [instance_id], name)
        emit(context, plan.shown())
        return
    with writing(context) as (_, unit):
        found = instances.transfer_instance(unit, domain, instance_id, name)
    emit(context, found)


@instance.command("replace", help="Name the machine that replaces a unit of a product instance.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--pid", required=True, metavar="PID", help="Product id of the machine that takes its place.")
@click.option("--serial", required=True, metavar="SERIAL", help="Its serial number.")
@click.option("--uuid", metavar="UUID", help="Its UUID, if it has one.")
@click.option(
    "--unit", "of", metavar="SERIAL", help="Serial number of the unit that is replaced; the active one if not given."
)
@click.pass_context
def instance_replace(
    context: click.Context, domain: str, instance_id: str, pid: str, serial: str, uuid: str | None, of: str | None
) -> None:
    """Replace a unit."""
    with writing(context) as (_, unit):
        found = unit_replacements.replace_unit(unit, domain, instance_id, Udi(pid=pid, serial=serial, uuid=uuid), of)
    emit(context, found)
