"""`webhook` of both servers: receivers that are told of events and alerts, and the log of deliveries (row B20)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.cli.base import Group, emit, emit_list
from serverkit.db.paging import Slice
from serverkit.webhooks.acts import Sending, WebhookActs
from serverkit.webhooks.models import LEAST

S = TypeVar("S", bound=Sending)
COLUMNS = ("id", "name", "url", "events", "alerts", "waiting", "failed")
DELIVERED = ("id", "at", "name", "type", "about", "state", "attempts", "last_error")


def add_webhook_commands(group: Group, acts: WebhookActs[S], opened: Callable[[click.Context], S]) -> None:
    """Add the commands of webhooks to a program."""
    webhook = Group("webhook", help="Tell other programs of events and alerts by signed requests.")
    _add_looks(webhook, acts, opened)
    _add_changes(webhook, acts, opened)
    group.add_command(webhook)


def _add_looks(webhook: Group, acts: WebhookActs[S], opened: Callable[[click.Context], S]) -> None:
    @webhook.command("list", help="List the webhooks; secrets are never shown again.")
    @click.pass_context
    def list_all(context: click.Context) -> None:
        with opened(context).database.read(OPERATOR) as unit:
            items = acts.list_hooks(unit)
        emit_list(context, items, COLUMNS)

    @webhook.command("deliveries", help="List the newest 500 deliveries: sent, waiting and given up, with the cause.")
    @click.option("--webhook", "webhook_id", metavar="ID", help="Of one webhook.")
    @click.pass_context
    def deliveries(context: click.Context, webhook_id: str | None) -> None:
        with opened(context).database.read(OPERATOR) as unit:
            items = acts.list_deliveries(unit, Slice(500, None, "-at"), webhook_id).items
        emit_list(context, items, DELIVERED)

    @webhook.command("show", help="Show a delivery with what it carries.")
    @click.argument("delivery_id", metavar="DELIVERY")
    @click.pass_context
    def show(context: click.Context, delivery_id: str) -> None:
        with opened(context).database.read(OPERATOR) as unit:
            found = acts.show_delivery(unit, delivery_id)
        emit(context, found)


def _add_changes(webhook: Group, acts: WebhookActs[S], opened: Callable[[click.Context], S]) -> None:
    @webhook.command("add", help="Add a webhook; the secret of its signatures is shown once.")
    @click.argument("url", metavar="URL")
    @click.option("--name", default="", help="Instead of the host.")
    @click.option(
        "--event", "events", multiple=True, metavar="KIND", help="Kind of event, or a pattern: 'user:*', '*'."
    )
    @click.option("--alerts", "least", type=click.Choice(LEAST), default="major", help="Least severity of alerts.")
    @click.pass_context
    def add(context: click.Context, url: str, name: str, events: tuple[str, ...], least: str) -> None:
        server = opened(context)
        with server.database.write(OPERATOR) as unit:
            found = acts.add(server, unit, url, name=name, events=events, least=least)
        emit(context, found)

    @webhook.command("test", help="Send a test now; says what failed and why.")
    @click.argument("webhook_id", metavar="ID")
    @click.pass_context
    def test(context: click.Context, webhook_id: str) -> None:
        emit(context, acts.test(opened(context), OPERATOR, webhook_id))

    @webhook.command("redeliver", help="Send a delivery again under its id.")
    @click.argument("delivery_id", metavar="DELIVERY")
    @click.pass_context
    def redeliver(context: click.Context, delivery_id: str) -> None:
        with opened(context).database.write(OPERATOR) as unit:
            found = acts.redeliver(unit, delivery_id)
        emit(context, found)

    @webhook.command("remove", help="Remove a webhook with its deliveries.")
    @click.argument("webhook_id", metavar="ID")
    @click.pass_context
    def remove(context: click.Context, webhook_id: str) -> None:
        with opened(context).database.write(OPERATOR) as unit:
            found = acts.remove(unit, webhook_id)
        emit(context, found)
