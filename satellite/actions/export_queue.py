"""Use cases of the export-authorization queue (row S3.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import func, or_, select

from satellite.actions.virtual_accounts import find_id, in_virtual_account
from satellite.core.export_queue import queries
from satellite.core.export_queue.models import QueueEntry
from satellite.core.export_queue.queries import SINCE, queue_dicts
from satellite.core.export_queue.track import Track, track_of
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import named_by
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of


def list_export_queue(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the export-authorization requests, newest first."""
    return queries.queue(unit, find_id(unit, virtual_account_name))


def show_track(unit: Unit, request_id: str) -> Track:
    """Show the way of one request; UnknownExportRequestError."""
    return track_of(unit, request_id)


QUEUE_ORDERS = Orders(
    QueueEntry.id,
    {
        "since": (SINCE,),
        "requested_at": (QueueEntry.requested_at,),
        "device": (func.coalesce(Instance.order_name, ""),),
        "tag": (QueueEntry.tag,),
        "count": (QueueEntry.count,),
        "state": (QueueEntry.state,),
    },
    "-requested_at",
)


def list_queue_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Requests for restricted licences, with device and licence by name. Filters: q, virtual_account, state, tag, instance."""
    wanted = part.wanted
    query = select(QueueEntry).outerjoin(Instance, Instance.id == QueueEntry.instance_id)
    if text := wanted.get("q"):
        query = query.where(or_(named_by(text), QueueEntry.tag.contains(text, autoescape=True)))
    query = in_virtual_account(query, wanted, QueueEntry.virtual_account_id)
    for column, name in ((QueueEntry.state, "state"), (QueueEntry.tag, "tag"), (QueueEntry.instance_id, "instance")):
        if value := wanted.get(name):
            query = query.where(column == value)
    return window_of(unit, query, QUEUE_ORDERS, part, partial(queue_dicts, unit))


__all__ = ["Track", "list_export_queue", "show_track"]
