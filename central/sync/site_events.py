"""Events of central's log about the rows of a request."""

from __future__ import annotations

from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import NewEvent
from central.domain.satellites.models import Satellite
from exchange.files.rows import EventRow, InstanceRow

CARRIED = {
    EventKind.INSTANCE_REQUESTED_LICENCES: EventKind.INSTANCE_REQUESTED_VIA_SATELLITE,
    EventKind.INSTANCE_FREED: EventKind.INSTANCE_FREED_VIA_SATELLITE,
    EventKind.INSTANCE_REMOVED_SILENT: EventKind.INSTANCE_REMOVED_SILENT_VIA_SATELLITE,
}
"""Events of a site that have a kind of their own at central; all others are `satellite:event`."""


def added_event(satellite: Satellite, row: InstanceRow, place: str) -> NewEvent:
    """An instance that a satellite reports for the first time, in the virtual account of this name."""
    standbys = f" with standbys {', '.join(member.label for member in row.standbys)}" if row.standbys else ""
    return NewEvent(
        EventKind.INSTANCE_ADDED_VIA_SATELLITE,
        f"product instance {row.hostname or row.udi.label} added to {place} via satellite {satellite.name}{standbys}",
        {"instance": row.id, "pid": row.udi.pid, "serial": row.udi.serial},
        virtual_account_id=row.virtual_account,
        instance_id=row.id,
        satellite_id=satellite.id,
    )


def site_event(satellite: Satellite, row: EventRow, virtual_account_id: str | None) -> NewEvent:
    """An event of the site, in the log of a virtual account if it is known where it happened."""
    return NewEvent(
        next((kind for said, kind in CARRIED.items() if row.event == said), EventKind.SATELLITE_EVENT),
        f"{row.message} (satellite {satellite.name})",
        {**row.subject, "event": row.event, "satellite_event": row.id},
        virtual_account_id=virtual_account_id,
        instance_id=row.instance,
        satellite_id=satellite.id,
        at=row.at,
        actor=row.actor,
    )
