"""Reading the event log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from satellite.core.event_log.models import Event
from serverkit.clock import iso
from serverkit.db.unit import Unit

MOST = 10_000


def events(unit: Unit, virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The newest events first."""
    query = select(Event).order_by(Event.number.desc()).limit(MOST)
    if virtual_account_id is not None:
        query = query.where(Event.virtual_account_id == virtual_account_id)
    return [event_dict(row) for row in unit.session.scalars(query)]


def event_dict(row: Event) -> dict[str, Any]:
    """An event for people and programs."""
    return {
        "id": row.id,
        "at": iso(row.at),
        "kind": row.kind,
        "actor": row.actor,
        "message": row.message,
        "subject": row.subject,
    }
