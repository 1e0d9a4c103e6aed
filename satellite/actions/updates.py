"""Use cases of offline updates of a satellite (row B16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

import satellite
from satellite.actions.backups import ACTS as BACKUPS
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_updates
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.models import Event
from satellite.core.event_log.services import record
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.updates import acts

WRITTEN = {
    acts.ORDERED: EventKind.UPDATE_ORDERED,
    acts.DONE: EventKind.UPDATE_INSTALLED,
    acts.FAILED: EventKind.UPDATE_FAILED,
}


def _record(unit: Unit, what: str, message: str, subject: Mapping[str, Any]) -> None:
    record(unit, WRITTEN[what], message, subject=subject)


def _newest(unit: Unit, what: str) -> Mapping[str, Any] | None:
    query = select(Event.subject).where(Event.kind == WRITTEN[what]).order_by(Event.number.desc())
    return unit.session.scalar(query.limit(1))


ACTS: acts.UpdateActs[Satellite] = acts.UpdateActs(
    program="satellite",
    version=satellite.__version__,
    source="site",
    backups=BACKUPS,
    authorize=lambda unit: require(unit, Permission.SITE_MANAGE),
    record=_record,
    newest=_newest,
    alerts=refresh_updates,
)
