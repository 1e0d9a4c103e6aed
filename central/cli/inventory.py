"""`central licences | instances | instance`."""

from __future__ import annotations

import click

from central.actions import instances, licences
from central.cli.base import group, reading, writing
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


@instance.command("remove", help="Remove a product instance and free its ordinary licences.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--release-restricted", is_flag=True, help="Release its restricted licences too.")
@click.option("--reason", default="", help="Why they are released; kept in the log.")
@click.option("--return-code", default="", metavar="CODE", help="The return code of a device with reserved licences.")
@click.pass_context
def instance_remove(
    context: click.Context, domain: str, instance_id: str, release_restricted: bool, reason: str, return_code: str
) -> None:
    """Remove an instance."""
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
@click.pass_context
def instance_transfer(context: click.Context, domain: str, instance_id: str, name: str) -> None:
    """Transfer an instance."""
    with writing(context) as (_, unit):
        found = instances.transfer_instance(unit, domain, instance_id, name)
    emit(context, found)
