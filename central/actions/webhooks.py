"""Use cases of webhooks at central: what is told, and who may change it (row B20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.sql.functions import count

from central.actions.views import EventView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.alerts.models import Alert
from central.domain.alerts.queries import alert_dict
from central.domain.alerts.services import refresh_undelivered
from central.domain.base import VENDOR, Counter
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.models import Event
from central.domain.event_log.services import record
from central.domain.operations.models import Webhook, WebhookDelivery
from central.runtime import Central
from serverkit.alerts.engine import AlertState
from serverkit.db.unit import Unit
from serverkit.webhooks.acts import WebhookActs
from serverkit.webhooks.models import Body
from serverkit.webhooks.news import News

WRITTEN = {
    "added": EventKind.WEBHOOK_ADDED,
    "removed": EventKind.WEBHOOK_REMOVED,
    "redelivered": EventKind.WEBHOOK_REDELIVERED,
}


def _heads(unit: Unit) -> Mapping[str, int]:
    # The counter of an account is locked until its unit ends: a number that is seen has none behind it that comes later.
    query = select(Counter.account_id, Counter.value).where(Counter.name == "event")
    return dict(unit.session.execute(query).all())


def _counts(unit: Unit, stream: str, after: int, upto: int, kinds: Collection[str]) -> Mapping[str, int]:
    query = select(Event.kind, count()).where(
        Event.account_id == stream, Event.number > after, Event.number <= upto, Event.kind.in_(kinds)
    )
    return dict(unit.session.execute(query.group_by(Event.kind)).all())


def _events(unit: Unit, stream: str, after: int, upto: int, kinds: Collection[str], most: int) -> list[Body]:
    query = select(Event).where(
        Event.account_id == stream, Event.number > after, Event.number <= upto, Event.kind.in_(kinds)
    )
    rows = list(unit.session.scalars(query.order_by(Event.number.desc()).limit(most)))
    named = _domain_of(unit, stream)
    return [{**EventView.of(row).shown(), "account": named} for row in reversed(rows)]


def _domain_of(unit: Unit, account_id: str) -> str | None:
    account = unit.session.get(SmartAccount, account_id) if account_id != VENDOR else None
    return account.domain if account is not None else None


def _alerts(unit: Unit, since: datetime, severities: Collection[str]) -> list[tuple[str, datetime, str]]:
    query = select(Alert.account_id, Alert.id, Alert.raised_at, Alert.severity).where(
        Alert.state == AlertState.OPEN, Alert.severity.in_(severities), Alert.raised_at > since
    )
    found = unit.session.execute(query.order_by(Alert.raised_at, Alert.id))
    return [(f"{account_id}/{alert_id}", at, severity) for account_id, alert_id, at, severity in found]


def _alert(unit: Unit, key: str) -> Body:
    account_id, _, alert_id = key.partition("/")
    row = unit.session.get_one(Alert, {"account_id": account_id, "id": alert_id})
    return {**alert_dict(row), "account": _domain_of(unit, account_id)}


def _record(unit: Unit, what: str, message: str, webhook_id: str) -> None:
    record(unit, None, WRITTEN[what], message, subject={"webhook": webhook_id})


ACTS: WebhookActs[Central] = WebhookActs(
    program="central",
    hooks=Webhook,
    deliveries=WebhookDelivery,
    news=News(
        frozenset(kind.value for kind in EventKind),
        lambda _unit: "central",
        _heads,
        _counts,
        _events,
        _alerts,
        _alert,
    ),
    box=lambda server: server.keyring.box,
    settings=lambda server: server.settings.webhooks,
    authorize=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    record=_record,
    refresh=refresh_undelivered,
)
