"""Requests that come to nothing before central decided them (rows S3.3, C1.3)."""

from __future__ import annotations

from sqlalchemy import select

from exchange.vocabulary import ExportReason
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.models import FAILED, UNDECIDED, WAITING, QueueEntry
from satellite.core.export_queue.queries import device_of, units_of
from serverkit.db.unit import Unit


def withdraw_all(unit: Unit, instance_id: str) -> None:
    """Withdraw what an instance that is removed asked for and central has not heard of."""
    withdraw_waiting(unit, "The product instance was removed.", instance_id)


def withdraw_waiting(unit: Unit, why: str, instance_id: str, tag: str | None = None) -> None:
    """Withdraw what an instance asked for, of one licence or of all, and central has not heard of."""
    query = select(QueueEntry).where(QueueEntry.instance_id == instance_id, QueueEntry.state == WAITING)
    for row in unit.session.scalars(query if tag is None else query.where(QueueEntry.tag == tag)):
        _fail(unit, row, why)


def refuse_undecided(unit: Unit, virtual_account_id: str, why: str) -> None:
    """Fail what devices of a virtual account asked for and central has not decided; its decision, if it comes, is taken."""
    undecided = QueueEntry.state.in_(UNDECIDED)
    query = select(QueueEntry).where(QueueEntry.virtual_account_id == virtual_account_id, undecided)
    for row in unit.session.scalars(query.order_by(QueueEntry.change_no)).all():
        _fail(unit, row, why)
        device = device_of(unit, row.instance_id, virtual_account_id)
        record(
            unit,
            EventKind.EXPORT_FAILED,
            f"{units_of(unit, row.count, row.tag)} not granted to {device}: {why}",
            subject={"id": row.id, "tag": row.tag},
            instance_id=row.instance_id,
            virtual_account_id=virtual_account_id,
        )


def _fail(unit: Unit, row: QueueEntry, why: str) -> None:
    row.state, row.reason, row.decided_at = FAILED, ExportReason.CANCELLED.value, unit.now
    row.message, row.change_no = why, next_change(unit)
