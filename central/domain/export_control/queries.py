"""Reading grants (row C8.1)."""

from __future__ import annotations

from sqlalchemy import func, select

from central.domain.export_control.models import GrantRecord
from central.domain.export_control.services import ACTIVE
from chassis.db.unit import Unit


def held_units(unit: Unit, account_id: str) -> dict[str, list[tuple[str, int]]]:
    """Restricted units that instances hold: tag and count by instance."""
    query = (
        select(GrantRecord.instance_id, GrantRecord.tag, func.sum(GrantRecord.quantity))
        .where(GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE)
        .group_by(GrantRecord.instance_id, GrantRecord.tag)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for instance_id, tag, count in unit.session.execute(query):
        found.setdefault(instance_id, []).append((tag, int(count)))
    return found
