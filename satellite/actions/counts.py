"""How many there are of what: numbers for the dashboard, each from one query (rows S3.1, S3.3)."""

from __future__ import annotations

from sqlalchemy import func, select

from satellite.core.alerts.models import Alert
from satellite.core.export_queue.models import QueueEntry
from satellite.core.instances.models import Instance
from serverkit.alerts.engine import AlertState, Severity
from serverkit.clock import iso
from serverkit.db.unit import Unit


def count_instances(unit: Unit) -> dict[tuple[str, str], int]:
    """How many product instances there are, by virtual account (id) and state; read from an index alone."""
    query = (
        select(Instance.virtual_account_id, Instance.state, func.count())
        .where(Instance.removed.is_(False))
        .group_by(Instance.virtual_account_id, Instance.state)
    )
    return {(place, state): int(count) for place, state, count in unit.session.execute(query)}


def count_export_queue(unit: Unit) -> dict[str, int]:
    """How many requests there are in each state."""
    query = select(QueueEntry.state, func.count()).group_by(QueueEntry.state)
    return dict(unit.session.execute(query).all())


def count_alerts(unit: Unit) -> dict[str, int]:
    """How many alerts are open, by severity."""
    query = select(Alert.severity, func.count()).where(Alert.state == AlertState.OPEN).group_by(Alert.severity)
    found = dict(unit.session.execute(query).all())
    return {one.value: int(found.get(one.value, 0)) for one in Severity}


def count_newest_alerts(unit: Unit) -> dict[str, tuple[str, int]]:
    """By severity when the newest open alert was raised, and how many were raised then."""
    last = (
        select(Alert.severity, func.max(Alert.raised_at).label("at"))
        .where(Alert.state == AlertState.OPEN)
        .group_by(Alert.severity)
        .subquery()
    )
    query = (
        select(Alert.severity, Alert.raised_at, func.count())
        .join(last, (Alert.severity == last.c.severity) & (Alert.raised_at == last.c.at))
        .where(Alert.state == AlertState.OPEN)
        .group_by(Alert.severity, Alert.raised_at)
    )
    return {severity: (iso(at), int(count)) for severity, at, count in unit.session.execute(query)}


def is_alert_open(unit: Unit, kind: str) -> bool:
    """Whether an alert of a kind is open, however many others there are."""
    query = select(Alert.id).where(Alert.kind == kind, Alert.state == AlertState.OPEN).limit(1)
    return unit.session.scalars(query).first() is not None
