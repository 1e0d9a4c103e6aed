"""Tables of webhooks: receivers, and what is sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.db.base import IdColumn, JsonText, OutboxMixin, UtcDateTime
from serverkit.db.guards import one_of

LEAST = ("none", "major", "minor", "informational")
"""The least severity of alerts that are sent, or `none` for no alerts."""


class WebhookMixin:
    """A receiver: what it is told, the secret of its signatures (encrypted), and how far it was told.

    `reached` holds the number of the newest event by stream, `since` and `told` the alerts: when the newest was raised, and
    those around that time which are known.
    """

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JsonText)
    least: Mapped[str] = mapped_column(String(16), one_of("least", LEAST))
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(255))
    reached: Mapped[dict[str, int]] = mapped_column(JsonText)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[list[str]] = mapped_column(JsonText)


class DeliveryMixin(OutboxMixin):
    """A delivery to a receiver; its table refers to that of the receivers."""

    webhook_id: Mapped[str] = mapped_column(IdColumn, index=True)


Body = dict[str, Any]
