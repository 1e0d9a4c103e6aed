"""The operations of webhooks, the same at both servers (row B20)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import Field

from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Asked,
    Needed,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    paged,
    part_of,
)
from serverkit.http.schemas import BASE, Nothing, with_members
from serverkit.webhooks.acts import Sending, WebhookActs

S = TypeVar("S", bound=Sending)
PATH, DELIVERIES = f"{BASE}webhooks", f"{BASE}webhook-deliveries"
WEBHOOK = object_of(
    id=TEXT, name=TEXT, url=TEXT, events=TEXTS, alerts=TEXT, waiting=WHOLE, failed=WHOLE, created_at=TIME,
    created_by=TEXT,
)  # fmt: skip
DELIVERY = object_of(
    id=TEXT, webhook=TEXT, name=TEXT, at=TIME, type=TEXT, about=TEXT, state=TEXT, attempts=WHOLE, sent_at=OPTIONAL_TIME,
    next_attempt=OPTIONAL_TIME, last_error=TEXT,
)  # fmt: skip


class NewWebhook(Strict):
    """A receiver, the kinds of events and the least severity of alerts that it is told of."""

    model_config = example({"url": "https://hooks.example.com/perigee", "events": ["user:*"], "alerts": "major"})

    url: str = Field(max_length=1000, pattern=PLAIN)
    name: str = Field(default="", max_length=255, pattern=PLAIN)
    events: list[str] = Field(default_factory=list, max_length=100)
    alerts: Literal["none", "major", "minor", "informational"] = "major"


class DeliveryPage(Page):
    """A page of deliveries."""

    webhook: str | None = Field(default=None, max_length=64, pattern=PLAIN, description="Of one webhook.")
    sort: Literal["id", "-id", "at", "-at"] = Field(default="id", description="The order of the list.")


def webhook_operations(acts: WebhookActs[S], *, manage: Needed) -> tuple[Operation[S], ...]:
    """What a server's interface offers about webhooks."""

    def list_hooks(call: Asked[S]) -> dict[str, Any]:
        return paged(acts.list_hooks(call.unit), call.query)

    def add(call: Asked[S]) -> dict[str, Any]:
        body: NewWebhook = call.body
        return acts.add(call.server, call.unit, body.url, name=body.name, events=body.events, least=body.alerts)

    def test(call: Asked[S]) -> dict[str, Any]:
        return acts.test(call.server, call.actor, call.path["webhook"])

    def remove(call: Asked[S]) -> dict[str, Any]:
        return acts.remove(call.unit, call.path["webhook"])

    def list_deliveries(call: Asked[S]) -> dict[str, Any]:
        return acts.list_deliveries(call.unit, part_of(call.query), call.query.webhook).to_dict()

    def show(call: Asked[S]) -> dict[str, Any]:
        return acts.show_delivery(call.unit, call.path["delivery"])

    def redeliver(call: Asked[S]) -> dict[str, Any]:
        return acts.redeliver(call.unit, call.path["delivery"])

    return (
        Operation(
            "list_webhooks", "GET", PATH, "List the webhooks, without secrets.", list_hooks, list_of(WEBHOOK), Page,
            permission=manage, row="B20",
        ),
        Operation(
            "add_webhook", "POST", PATH, "Add a webhook; its secret is shown once.", add,
            with_members(WEBHOOK, secret=TEXT), body=NewWebhook, changes=True,
            permission=manage, row="B20",
        ),
        Operation(
            "test_webhook", "POST", f"{PATH}/{{webhook}}/test", "Send a test now.", test,
            object_of(id=TEXT, name=TEXT, status=WHOLE, sent=FLAG), body=Nothing, changes=True, alone=True,
            permission=manage, row="B20",
        ),
        Operation(
            "remove_webhook", "DELETE", f"{PATH}/{{webhook}}", "Remove a webhook with its deliveries.", remove,
            object_of(id=TEXT, name=TEXT, removed=FLAG), changes=True,
            permission=manage, row="B20",
        ),
        Operation(
            "list_webhook_deliveries", "GET", DELIVERIES, "List deliveries: sent, waiting, given up.", list_deliveries,
            list_of(DELIVERY), DeliveryPage,
            permission=manage, row="B20",
        ),
        Operation(
            "show_webhook_delivery", "GET", f"{DELIVERIES}/{{delivery}}", "Show a delivery with what it carries.", show,
            with_members(DELIVERY, body=ANYTHING),
            permission=manage, row="B20",
        ),
        Operation(
            "redeliver_webhook", "POST", f"{DELIVERIES}/{{delivery}}/redeliver", "Send a delivery again.", redeliver,
            DELIVERY, body=Nothing, changes=True,
            permission=manage, row="B20",
        ),
    )  # fmt: skip
