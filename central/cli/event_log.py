"""`central events | transactions`."""

from __future__ import annotations

import click

from central.actions import event_log
from central.cli.base import group, reading
from serverkit.cli.base import INTEGER, emit_page
from serverkit.db.paging import Slice

MOST = 10_000
VIRTUAL_ACCOUNT = click.option("--virtual-account", "name", metavar="VA", help="Only this virtual account.")
LIMIT = click.option("--limit", type=INTEGER, default=MOST, show_default=True, help="Maximum number of entries.")
AFTER = click.option("--after", metavar="KEY", help="Continue after this entry: the `next` of the previous call.")


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
        found = event_log.list_events(unit, domain, name, _part(limit, after))
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
        found = event_log.list_transactions(unit, domain, name, _part(limit, after))
    columns = ("at", "action", "count", "tag", "type", "source", "order_number", "virtual_account", "user")
    emit_page(context, found.items, columns, found.next)


def _part(limit: int, after: str | None) -> Slice:
    if limit < 1:
        raise click.UsageError("--limit must be at least 1")
    return Slice(limit, after)
