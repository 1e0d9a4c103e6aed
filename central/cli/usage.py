"""`central usage list`."""

from __future__ import annotations

import click

from central.actions.usage import list_usage
from central.cli.base import group, reading
from serverkit.cli.base import emit, table

COLUMNS = (
    "month",
    "virtual_account",
    "name",
    "tag",
    "billing",
    "devices",
    "count",
    "covered",
    "by_usage",
    "unit_hours",
)


@group.group("usage", help="Use that devices measured and reported.")
def usage() -> None:
    """Hold the commands of measured use."""


@usage.command("list", help="List measured use by licence and month: devices, units in use at most, unit hours.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
@click.option("--month", metavar="YYYY-MM", help="Only this month (UTC).")
@click.option("--licence", metavar="TAG", help="Only this licence.")
@click.pass_context
def usage_list(context: click.Context, domain: str, name: str | None, month: str | None, licence: str | None) -> None:
    """List measured use."""
    with reading(context) as (_, unit):
        items = list_usage(unit, domain, name, month, licence)
    emit(context, {"items": items}, table(items, COLUMNS))
