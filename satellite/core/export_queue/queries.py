"""The export-authorization queue for people and programs (row S3.3)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from chassis.clock import iso, optional_iso
from chassis.db.unit import Unit
from satellite.core.export_queue.models import QueueEntry


def queue(unit: Unit, virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The queue, newest first."""
    query = select(QueueEntry).order_by(QueueEntry.requested_at.desc(), QueueEntry.id)
    if virtual_account_id is not None:
        query = query.where(QueueEntry.virtual_account_id == virtual_account_id)
    return [
        {
            "id": row.id,
            "instance": row.instance_id,
            "tag": row.tag,
            "count": row.count,
            "state": row.state,
            "reason": row.reason,
            "message": row.message,
            "requested_at": iso(row.requested_at),
            "sent_at": optional_iso(row.sent_at),
            "decided_at": optional_iso(row.decided_at),
            "delivered_at": optional_iso(row.delivered_at),
        }
        for row in unit.session.scalars(query)
    ]
