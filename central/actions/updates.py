"""Use cases of offline updates of central (row B16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

import central
from central.actions.backups import ACTS as BACKUPS
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.services import refresh_updates
from central.domain.base import VENDOR
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.models import Event
from central.domain.event_log.services import record
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.updates import acts

WRITTEN = {
    acts.ORDERED: EventKind.UPDATE_ORDERED,
    acts.DONE: EventKind.UPDATE_INSTALLED,
    acts.FAILED: EventKind.UPDATE_FAILED,
}


def _record(unit: Unit, what: str, message: str, subject: Mapping[str, Any]) -> None:
    record(unit, None, WRITTEN[what], message, subject=subject)


def _newest(unit: Unit, what: str) -> Mapping[str, Any] | None:
    query = select(Event.subject).where(Event.account_id == VENDOR, Event.kind == WRITTEN[what])
    return unit.session.scalar(query.order_by(Event.number.desc()).limit(1))


ACTS: acts.UpdateActs[Central] = acts.UpdateActs(
    program="central",
    version=central.__version__,
    source="vendor",
    backups=BACKUPS,
    authorize=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    record=_record,
    newest=_newest,
    alerts=refresh_updates,
)
