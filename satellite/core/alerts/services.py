"""Refreshes the site's alerts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select

from exchange.trust import Root
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts import conditions, devices
from satellite.core.alerts.clones import clones
from satellite.core.alerts.models import Alert
from satellite.core.alerts.rules import CATALOGUE, UNDELIVERED
from satellite.core.event_log.event_kinds import SITE, EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.instances.models import Instance
from satellite.core.operations.models import OutboxEntry, Webhook, WebhookDelivery
from satellite.core.site.queries import site_of
from serverkit.alerts.engine import AlertBook, AlertState, Changes, Wanted
from serverkit.alerts.texts import said_again
from serverkit.backup.alerts import KINDS as BACKUP_KINDS
from serverkit.clock import iso, optional_iso
from serverkit.db.nonempty_tables import nonempty_tables
from serverkit.db.unit import Unit
from serverkit.mail.undelivered import undelivered_mail
from serverkit.tls.watch import KINDS as TLS_KINDS
from serverkit.updates.alerts import KINDS as UPDATE_KINDS
from serverkit.webhooks.undelivered import undelivered_news

TOLD = frozenset({"insufficient_licences"})


def book() -> AlertBook[Alert]:
    """The alerts of the site."""
    return AlertBook(Alert, CATALOGUE, {})


def refresh_alerts(unit: Unit, root: Root, *, restored: bool) -> None:
    """Refresh every alert."""
    unit.session.flush()  # conditions read what this unit has changed
    site = site_of(unit)
    unit.touched.discard(SITE)
    there = nonempty_tables(unit, (Instance, QueueEntry, HeldGrant, OutboxEntry, WebhookDelivery))
    nothing: tuple[Wanted, ...] = ()
    has_devices = Instance in there
    wanted = chain(
        conditions.agreement(unit, site),
        conditions.licences(unit),
        devices.in_released_accounts(unit) if has_devices else nothing,
        conditions.exports(unit) if QueueEntry in there else nothing,
        devices.instances(unit) if has_devices else nothing,
        clones(unit) if has_devices else nothing,
        devices.left_behind(unit) if has_devices and HeldGrant in there else nothing,
        conditions.synchronization(unit, site, restored=restored),
        conditions.trust(unit, root),
        conditions.clock(unit),
        undelivered(unit) if there & {OutboxEntry, WebhookDelivery} else nothing,
    )
    _tell(
        unit, book().reconcile(unit, wanted, frozenset(CATALOGUE) - TLS_KINDS - BACKUP_KINDS - UPDATE_KINDS, tell=TOLD)
    )


def undelivered(unit: Unit) -> Iterator[Wanted]:
    """Mail and news that no one took (rows S3.4, B20)."""
    name = site_of(unit).name
    yield from undelivered_mail(unit, OutboxEntry, name)
    yield from undelivered_news(unit, Webhook, WebhookDelivery, name)


def refresh_undelivered(unit: Unit) -> None:
    """Refresh the alerts about mail and news that no one took."""
    unit.session.flush()
    book().reconcile(unit, undelivered(unit), UNDELIVERED)


def refresh_tls(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about this server's TLS certificate."""
    book().reconcile(unit, wanted, TLS_KINDS)


def refresh_backups(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about backups."""
    book().reconcile(unit, wanted, BACKUP_KINDS)


def refresh_updates(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about updates."""
    book().reconcile(unit, wanted, UPDATE_KINDS)


def refresh_touched(unit: Unit, *, instances: Collection[str], pools: Collection[tuple[str, str]]) -> None:
    """Refresh the alerts that a change of these instances and pools can have touched."""
    unit.session.flush()  # conditions read what this unit has changed
    pools = _with_short(unit, pools)
    only = {kind: instances for kind in devices.INSTANCE_KINDS if instances}
    if pools:
        only["insufficient_licences"] = [conditions.pool_key(*pool) for pool in pools]
    wanted = chain(
        conditions.shortages(unit, pools) if pools else (), devices.instances(unit, instances) if instances else ()
    )
    _tell(unit, book().reconcile(unit, wanted, (), only=only, tell=TOLD))


def refresh_clones(unit: Unit) -> None:
    """Refresh the alerts about duplicate identities."""
    unit.session.flush()
    book().reconcile(unit, clones(unit), ("device_clone",))


def _with_short(unit: Unit, pools: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """These pools, and all that lack one of their licences now, since their alerts name the surplus."""
    tags = {tag for _, tag in pools}
    if not tags:
        return set()
    short = select(Alert.subject).where(Alert.kind == "insufficient_licences", Alert.state != AlertState.CLEARED)
    named = ((subject["virtual_account"], subject["tag"]) for subject in unit.session.scalars(short))
    return {*pools, *(pool for pool in named if pool[1] in tags)}


def _tell(unit: Unit, changes: Changes) -> None:
    for want in changes.reply:
        va = want.subject["virtual_account"]
        record(unit, EventKind.SHORTAGE_DETECTED, want.message, subject=want.subject, virtual_account_id=va)


def _named(alert: Alert) -> dict[str, Any]:
    """The alert of an event, and the devices that its sentence may name: privacy covers their host names (row S2.4)."""
    one = alert.subject.get("instance")
    devices = alert.subject.get("instances") or ([one] if one else [])
    return {"alert": alert.id, **({"instances": [*devices]} if devices else {})}


def dismiss_alert(unit: Unit, alert_id: str) -> Alert:
    """Dismiss an alert; one that is dismissed stays as it is, and no event is written."""
    before = _standing(unit, alert_id)
    return _recorded(unit, book().dismiss(unit, alert_id), before, EventKind.ALERT_DISMISSED, "alert dismissed")


def restore_alert(unit: Unit, alert_id: str) -> Alert:
    """Open an alert again that was dismissed or put off; an open one stays as it is."""
    before = _standing(unit, alert_id)
    return _recorded(unit, book().restore(unit, alert_id), before, EventKind.ALERT_RESTORED, "alert opened again")


def remind_alert(unit: Unit, alert_id: str) -> Alert:
    """Put an alert off; one that is put off until then stays as it is."""
    before = _standing(unit, alert_id)
    return _recorded(unit, book().remind(unit, alert_id), before, EventKind.ALERT_REMINDED, "alert put off")


def _standing(unit: Unit, alert_id: str) -> tuple[str, datetime | None]:
    require(unit, Permission.ALERT_MANAGE)
    alert = book().find(unit, alert_id)
    return alert.state, alert.remind_at


def _recorded(unit: Unit, alert: Alert, before: tuple[str, datetime | None], kind: EventKind, said: str) -> Alert:
    if (alert.state, alert.remind_at) != before:
        record(unit, kind, f"{said}: {alert.message}", subject=_named(alert))
    return alert


def alert_dict(row: Alert) -> dict[str, Any]:
    """An alert for people and programs."""
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "message": said_again(row.template, row.fields),
        "source": row.source,
        "raised_at": iso(row.raised_at),
        "action_due": optional_iso(row.action_due),
        "remind_at": optional_iso(row.remind_at),
        "actions": row.actions,
        "state": row.state,
        "subject": row.subject,
    }
