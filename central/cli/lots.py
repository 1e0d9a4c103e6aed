"""`central licence lots`."""

from __future__ import annotations

import click

from central.actions.lots import FILTERS, list_lots
from central.cli.base import reading
from serverkit.cli.base import INTEGER, emit_page
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


@click.command("lots", help="List the lots of licences with their sources.")
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
