"""The alert about news that a webhook did not take, the same at both servers (row B20)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.unit import Unit
from serverkit.webhooks.models import DeliveryMixin, WebhookMixin

TRIES = 3
"""After so many tries a delivery counts as not taken."""


def undelivered_news(
    unit: Unit, hooks: type[WebhookMixin], table: type[DeliveryMixin], source: str
) -> Iterator[Wanted]:
    """Webhooks that did not take a delivery; the first one that is given up brings back an alert that was dismissed."""
    stuck = (table.sent_at.is_(None), table.attempts >= TRIES)
    counts = select(table.webhook_id, func.count(), func.count(table.due_at)).where(*stuck).group_by(table.webhook_id)
    for webhook_id, count, waiting in unit.session.execute(counts):
        first = select(table.last_error).where(*stuck, table.webhook_id == webhook_id).order_by(table.at).limit(1)
        text = said(
            "The webhook {name} does not take its deliveries: {cause}"
            if waiting == count
            else "Deliveries to the webhook {name} were given up after four days: {cause}",
            name=unit.session.get_one(hooks, webhook_id).name,
            cause=unit.session.scalar(first) or "",
        )
        step = int(waiting < count)
        yield Wanted(
            "webhook_undelivered", webhook_id, text, source, step=step, grows=True, subject={"webhook": webhook_id}
        )
