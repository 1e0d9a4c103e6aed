"""`central licence lots | add | remove`."""

from __future__ import annotations

import click

from central.actions.lot_changes import add_licences, preview_removal, remove_licences
from central.actions.lots import FILTERS, list_lots
from central.cli.base import reading, writing
from serverkit.cli.base import INTEGER, Command, emit, emit_page
from serverkit.db.paging import Slice

COLUMNS = (
    "licence",
    "source",
    "quantity",
    "until",
    "order_number",
    "order_line",
    "licence_sku",
    "virtual_accounts",
    "tags",
    "id",
)


@click.command("lots", cls=Command, help="List the lots of licences with their sources.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
@click.option("--source", metavar="WORD", help="Such as order, pak_migration, manual.")
@click.option("--licence", metavar="TEXT", help="A part of the name or id.")
@click.option("--order", metavar="NUMBER", help="The whole number of the sales order or web order.")
@click.option("--po", metavar="NUMBER", help="The whole PO number.")
@click.option("--pak", metavar="NUMBER", help="The whole PAK number.")
@click.option("--customer", metavar="TEXT", help="A part of the end customer's name.")
@click.option("--country", metavar="TEXT", help="A part of the ship-to country.")
@click.option("--family", metavar="TEXT", help="A part of the product or licence family.")
@click.option("--sku", metavar="TEXT", help="A part of the product or licence SKU.")
@click.option("--expires-by", metavar="DAY", help="Ends on this day or before.")
@click.option("--tags", metavar="TAGS", help="All of these tags, separated by commas.")
@click.option("--limit", type=INTEGER, default=1000, show_default=True, help="Most lots.")
@click.option("--after", metavar="ID", help="Those after this lot, in the order of their ids.")
@click.pass_context
def lots(
    context: click.Context, /, domain: str, name: str | None, limit: int, after: str | None, **more: str | None
) -> None:
    """List lots."""
    wanted = {key: value for key, value in more.items() if key in FILTERS and value}
    with reading(context) as (_, unit):
        found = list_lots(unit, domain, None if name is None else [name], wanted, Slice(max(1, limit), after))
    emit_page(context, found.items, COLUMNS, found.next)


@click.command("add", cls=Command, help="Add a lot by hand; the vendor does.")
@click.argument("domain")
@click.argument("licence")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--quantity", required=True, type=INTEGER)
@click.option("--note", required=True, help="Why; kept in the transactions.")
@click.option("--type", "type", help="perpetual (usual), term, demo or reporting_only.")
@click.option("--billing", help="prepaid (usual) or usage.")
@click.option("--start", metavar="DAY")
@click.option("--end", metavar="DAY", help="The last day.")
@click.option("--sku")
@click.option("--subscription", "subscription_id", metavar="ID")
@click.pass_context
def add(
    context: click.Context, /, domain: str, licence: str, name: str, quantity: int, note: str, **more: str | None
) -> None:
    """Add licences."""
    with writing(context) as (_, unit):
        found = add_licences(unit, domain, name, licence, quantity, note, more)
    emit(context, found)


@click.command("remove", cls=Command, help="Remove units of a lot that are neither reserved nor held; the vendor does.")
@click.argument("domain")
@click.argument("lot")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--quantity", required=True, type=INTEGER)
@click.option("--note", default="", help="Why; kept in the transactions.")
@click.option("--preview", is_flag=True, help="Only show what it would leave.")
@click.pass_context
def remove(context: click.Context, domain: str, lot: str, name: str, quantity: int, note: str, preview: bool) -> None:
    """Remove licences."""
    if preview:
        with reading(context) as (_, unit):
            found = preview_removal(unit, domain, name, lot, quantity)
    else:
        with writing(context) as (_, unit):
            found = remove_licences(unit, domain, name, lot, quantity, note)
    emit(context, found)
