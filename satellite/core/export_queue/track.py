"""The track of one request for a restricted licence: asked, sent, decided, delivered, returned (row S3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.models import Event
from satellite.core.export_queue.errors import UnknownExportRequestError
from satellite.core.export_queue.models import RETURNED, HeldGrant, QueueEntry
from satellite.core.export_queue.queries import queue_dicts
from satellite.core.site.models import MadeRequest
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class Track:
    """A request with what is known of its way: the number of the request file, when the units came back, their end."""

    entry: dict[str, Any]
    sent_in: int | None
    returned_at: datetime | None
    ends: datetime | None


def track_of(unit: Unit, entry_id: str) -> Track:
    """The track of a request; UnknownExportRequestError."""
    row = unit.session.get(QueueEntry, entry_id)
    if row is None:
        raise UnknownExportRequestError("there is no export request {id!r}", id=entry_id[:64])
    sent_in = None
    if row.sent_at is not None:
        made = select(MadeRequest.seq).where(MadeRequest.made_at == row.sent_at).order_by(MadeRequest.seq.desc())
        sent_in = unit.session.scalars(made).first()
    grant = unit.session.get(HeldGrant, row.grant_id) if row.grant_id else None
    returned = None
    if row.state == RETURNED:
        told = select(Event.at).where(
            Event.instance_id == row.instance_id,
            Event.kind.in_((EventKind.EXPORT_RETURNED, EventKind.EXPORT_RELEASED)),
            Event.at >= row.requested_at,
        )
        returned = unit.session.scalars(told.order_by(Event.number)).first()
    return Track(queue_dicts(unit, [row])[0], sent_in, returned, grant.not_after if grant is not None else None)
