"""Finds the accounts whose alerts change by time alone within the hour, so that each step shows on its day without a full refresh."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from central.domain.instances.models import Instance
from central.domain.ledger.models import Lot
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import deadlines
from central.domain.satellites.services import AUTHORIZED
from exchange.compliance import EXPIRY_STEPS_DAYS
from exchange.device.timers import REMOVED, SILENT_MAJOR, SILENT_MINOR
from serverkit.db.unit import Unit

# Twice the interval of the job that asks, so that no run that comes a little late misses a step.
WINDOW = timedelta(hours=2)


def due_accounts(unit: Unit) -> set[str]:
    """Accounts with a term, a device or a satellite that reached a step since the last look."""
    now = unit.licence_now
    steps = [-timedelta(days=days) for days in (*EXPIRY_STEPS_DAYS, 0)]
    silent = [*SILENT_MINOR, SILENT_MAJOR, REMOVED]
    lots = select(Lot.account_id).where(Lot.end.is_not(None), _reached(unit, Lot.end, steps)).distinct()
    contacts = _reached(unit, Instance.last_contact, silent)
    ends = _reached(unit, Instance.certificate_expires, [timedelta(0)])
    devices = select(Instance.account_id).where(Instance.satellite_id.is_(None), or_(contacts, ends)).distinct()
    found = {*unit.session.scalars(lots), *unit.session.scalars(devices)}
    for row in unit.session.scalars(select(Satellite).where(Satellite.state == AUTHORIZED)):
        due = deadlines(unit, row)
        if due is not None and any(end <= now < end + WINDOW for end in (due.reminder, due.overdue, due.removal)):
            found.add(row.account_id)
    return found


def _reached(unit: Unit, column: InstrumentedAttribute, after: list[timedelta]) -> ColumnElement[bool]:  # type: ignore[type-arg]  # any column will do
    now = unit.licence_now
    return or_(*((column <= now - step) & (column > now - step - WINDOW) for step in after))
