"""`central upgrade-licences list | preview | complete`."""

from __future__ import annotations

import click

from central.actions import upgrades
from central.cli.base import group, reading, writing
from serverkit.cli.base import INTEGER, emit, emit_list, table


@group.group("upgrade-licences", help="Upgrades of licences that wait for the licences they replace.")
def upgrade_licences() -> None:
    """Hold the commands of upgrades."""


@upgrade_licences.command("list", help="List the pending upgrades.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
@click.pass_context
def upgrades_list(context: click.Context, domain: str, name: str | None) -> None:
    """List pending upgrades."""
    with reading(context) as (_, unit):
        items = upgrades.list_upgrades(unit, domain, name)
    emit_list(context, items, ("virtual_account", "name", "tag", "pending"))


@upgrade_licences.command("preview", help="Show the options of a pending upgrade, and the largest quantity of each.")
@click.argument("domain")
@click.argument("tag")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--quantity", type=INTEGER, help="How many; the largest possible quantity if left out.")
@click.pass_context
def upgrades_preview(context: click.Context, domain: str, tag: str, name: str, quantity: int | None) -> None:
    """Preview an upgrade."""
    with reading(context) as (_, unit):
        found = upgrades.preview_upgrade(unit, domain, name, tag, quantity)
    lines = [f"{found['name']} in {name}: {found['pending']} pending, at most {found['most']} can be upgraded"]
    columns = ("option", "name", "upgrades_available", "needed", "available", "most", "code")
    lines.append(table(found["options"], columns))
    lines.append(f"state {found['state']}")
    emit(context, found, "\n".join(lines))


@upgrade_licences.command("complete", help="Complete an upgrade: the replaced licences leave the inventory.")
@click.argument("domain")
@click.argument("tag")
@click.option("--virtual-account", "name", required=True, metavar="VA", help="Where both licences are.")
@click.option("--quantity", required=True, type=INTEGER)
@click.option("--option", metavar="OPTION", help="One of the options that the preview lists, if there are several.")
@click.option("--state", metavar="STATE", help="That of a preview: refuse if the quantities have changed since.")
@click.pass_context
def upgrades_complete(
    context: click.Context,
    domain: str,
    tag: str,
    name: str,
    quantity: int,
    option: str | None,
    state: str | None,
) -> None:
    """Complete an upgrade."""
    with writing(context) as (_, unit):
        found = upgrades.complete_upgrade(unit, domain, name, tag, quantity, option, state)
    emit(context, found)
