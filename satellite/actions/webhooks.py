"""Use cases of webhooks at a satellite: what is told, and who may change it (row B20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import alert_dict, refresh_undelivered
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.models import Event
from satellite.core.event_log.queries import event_dict
from satellite.core.event_log.services import record
from satellite.core.operations.models import Webhook, WebhookDelivery
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from serverkit.alerts.engine import AlertState
from serverkit.db.unit import Unit
from serverkit.webhooks.acts import WebhookActs
from serverkit.webhooks.models import Body
from serverkit.webhooks.news import News

SITE = "site"

WRITTEN = {
    "added": EventKind.WEBHOOK_ADDED,
    "removed": EventKind.WEBHOOK_REMOVED,
    "redelivered": EventKind.WEBHOOK_REDELIVERED,
}


def _heads(unit: Unit) -> Mapping[str, int]:
    return {SITE: int(unit.session.scalar(select(func.max(Event.number))) or 0)}


def _counts(unit: Unit, _stream: str, after: int, upto: int, kinds: Collection[str]) -> Mapping[str, int]:
    query = select(Event.kind, func.count()).where(Event.number > after, Event.number <= upto, Event.kind.in_(kinds))
    return dict(unit.session.execute(query.group_by(Event.kind)).all())


def _events(unit: Unit, _stream: str, after: int, upto: int, kinds: Collection[str], most: int) -> list[Body]:
    query = select(Event).where(Event.number > after, Event.number <= upto, Event.kind.in_(kinds))
    rows = unit.session.scalars(query.order_by(Event.number.desc()).limit(most))
    return [event_dict(row) for row in reversed(list(rows))]


def _alerts(unit: Unit, since: datetime, severities: Collection[str]) -> list[tuple[str, datetime, str]]:
    query = select(Alert.id, Alert.raised_at, Alert.severity).where(
        Alert.state == AlertState.OPEN, Alert.severity.in_(severities), Alert.raised_at > since
    )
    return list(unit.session.execute(query.order_by(Alert.raised_at, Alert.id)))


def _alert(unit: Unit, alert_id: str) -> dict[str, Any]:
    return alert_dict(unit.session.get_one(Alert, alert_id))


def _record(unit: Unit, what: str, message: str, webhook_id: str) -> None:
    record(unit, WRITTEN[what], message, subject={"webhook": webhook_id})


ACTS: WebhookActs[Satellite] = WebhookActs(
    program="satellite",
    hooks=Webhook,
    deliveries=WebhookDelivery,
    news=News(
        frozenset(kind.value for kind in EventKind),
        lambda unit: site_of(unit).name,
        _heads,
        _counts,
        _events,
        _alerts,
        _alert,
    ),
    box=lambda server: server.keyring.box,
    settings=lambda server: server.settings.webhooks,
    authorize=lambda unit: require(unit, Permission.SITE_MANAGE),
    record=_record,
    refresh=refresh_undelivered,
)
