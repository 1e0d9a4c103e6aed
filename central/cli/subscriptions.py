"""`central subscription list | assign`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from central.actions import subscriptions
from central.cli.base import group, reading, writing
from serverkit.cli.base import emit, table


@group.group("subscription", help="Subscriptions billed by usage, and the virtual accounts that have them.")
def subscription() -> None:
    """Hold the commands of subscriptions."""


@subscription.command("list", help="List subscriptions, enabled or disabled (a duplicate) in each virtual account.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only those that this virtual account has.")
@click.option("--licence", metavar="TAG", help="Only those of this licence.")
@click.pass_context
def subscription_list(context: click.Context, domain: str, name: str | None, licence: str | None) -> None:
    """List subscriptions."""
    with reading(context) as (_, unit):
        items = subscriptions.list_subscriptions(unit, domain, name, licence)
    rows = [
        {
            **one,
            "places": ", ".join(f"{place['name']} ({place['state']})" for place in one["virtual_accounts"]),
        }
        for one in items
    ]
    emit(context, {"items": items}, table(rows, ("subscription", "name", "tag", "until", "places")))


@subscription.command(
    "assign", help="Give a subscription to exactly these virtual accounts: moved, copied or taken out."
)
@click.argument("domain")
@click.argument("licence", metavar="TAG")
@click.argument("number", metavar="SUBSCRIPTION")
@click.option("--virtual-account", "names", multiple=True, required=True, metavar="VA", help="One that is to have it.")
@click.option("--preview", is_flag=True, help="Only show what would change.")
@click.pass_context
def subscription_assign(
    context: click.Context, domain: str, licence: str, number: str, names: Sequence[str], preview: bool
) -> None:
    """Assign a subscription."""
    if preview:
        with reading(context) as (_, unit):
            found = subscriptions.preview_assignment(unit, domain, licence, number, names)
    else:
        with writing(context) as (_, unit):
            found = subscriptions.assign_subscription(unit, domain, licence, number, names)
    lines = [table(found["changes"], ("change", "from", "to")), table(found["virtual_accounts"], ("name", "state"))]
    emit(context, found, "\n".join(lines))
