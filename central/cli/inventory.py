"""`central licences | instances | instance`."""

from __future__ import annotations

import click

from central.actions.instances import remove, transfer
from central.cli.base import chosen, group, names_of, reading, writing
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.export_control.queries import held_units
from central.domain.instances.queries import find_instance, instances
from central.domain.ledger.queries import licences
from central.domain.satellites.queries import satellite_names
from serverkit.cli.base import emit, emit_list

VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")


@group.command("licences", help="Licences: purchased, in use, balance.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
@click.pass_context
def licences_list(context: click.Context, domain: str, name: str | None) -> None:
    """List licences."""
    with reading(context) as (_, unit):
        account, va = chosen(unit, domain, name)
        items = licences(unit, account.id, names_of(unit, account), va)
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


@group.command("instances", help="Product instances.")
@click.argument("domain")
@VIRTUAL_ACCOUNT
@click.pass_context
def instances_list(context: click.Context, domain: str, name: str | None) -> None:
    """List product instances."""
    with reading(context) as (_, unit):
        account, va = chosen(unit, domain, name)
        held, sites = held_units(unit, account.id), satellite_names(unit, account.id)
        items = instances(unit, account.id, names_of(unit, account), sites, va, held)
    emit_list(context, items, ("name", "pid", "serial", "virtual_account", "satellite", "last_contact", "state", "id"))


@group.group("instance", help="One product instance.")
def instance() -> None:
    """Hold the commands of one instance."""


@instance.command("remove", help="Remove a product instance; its ordinary licences are freed.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--release-restricted", is_flag=True, help="Free its restricted licences by the vendor's word.")
@click.option("--reason", default="", help="Why they are freed; kept in the log.")
@click.option("--return-code", default="", metavar="CODE", help="From the device, where licences are reserved for it.")
@click.pass_context
def instance_remove(
    context: click.Context, domain: str, instance_id: str, release_restricted: bool, reason: str, return_code: str
) -> None:
    """Remove an instance."""
    with writing(context) as (server, unit):
        account = by_domain(unit, domain)
        found = remove(
            unit,
            server.keyring,
            account,
            instance_id,
            release_restricted=release_restricted,
            reason=reason,
            return_code=return_code,
        )
    emit(context, dict(found))


@instance.command("transfer", help="Move a product instance with what it uses to another virtual account.")
@click.argument("domain")
@click.argument("instance_id", metavar="ID")
@click.option("--to", "--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def instance_transfer(context: click.Context, domain: str, instance_id: str, name: str) -> None:
    """Transfer an instance."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        row = find_instance(unit, account.id, instance_id)
        transfer(unit, row, virtual_account(unit, account.id, name))
    emit(context, {"id": instance_id, "virtual_account": name})
