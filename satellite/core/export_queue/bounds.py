"""How much of one instance may wait for central: one device cannot grow the site and its files without bound."""

from __future__ import annotations

from sqlalchemy import and_, delete, func, select

from exchange.device.backend import DeviceRefusal
from exchange.device.bodies import GRANTS
from satellite.core.export_queue.models import UNDECIDED, HeldGrant, QueueEntry
from satellite.core.site.models import Site
from serverkit.db.unit import Unit

MOST_OPEN = GRANTS
"""As many as a device may hold, and as an answer lists."""


def refuse_many_requests(unit: Unit, instance_id: str, tag: str) -> None:
    """Refuse a request for one more licence; what was asked for can always be changed or withdrawn."""
    undecided = QueueEntry.state.in_(UNDECIDED)
    others = select(func.count(QueueEntry.tag.distinct())).where(
        QueueEntry.instance_id == instance_id, undecided, QueueEntry.tag != tag
    )
    if unit.session.scalars(others).one() >= MOST_OPEN:
        raise DeviceRefusal("too_many_open", f"{MOST_OPEN} requests are undecided")


def refuse_many_returns(unit: Unit, instance_id: str) -> None:
    """Keep so many returns of unknown grants for an instance; those that central could not place make room for others."""
    unplaced = and_(HeldGrant.instance_id == instance_id, HeldGrant.generation == 0, HeldGrant.release.is_(None))
    count = select(func.count()).select_from(HeldGrant).where(unplaced)
    if unit.session.scalars(count).one() < MOST_OPEN:
        return
    acknowledged = select(Site.acknowledged_upto).scalar_subquery()
    unit.session.execute(delete(HeldGrant).where(unplaced, HeldGrant.change_no <= acknowledged))
    if unit.session.scalars(count).one() >= MOST_OPEN:
        raise DeviceRefusal("too_many_open", f"{MOST_OPEN} returns of unknown grants wait for central")
