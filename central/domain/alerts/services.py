"""Refreshes alerts: after changes for one account, daily for all (rows C10.1, C10.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import is_permitted, require, visible_virtual_accounts
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import all_accounts
from central.domain.alerts.around import shown_in
from central.domain.alerts.clones import clones
from central.domain.alerts.conditions import account_wants, pool_key, shortages
from central.domain.alerts.devices import INSTANCE_KINDS
from central.domain.alerts.devices import instances as of_instances
from central.domain.alerts.machine import clock, trust, undelivered
from central.domain.alerts.models import Alert
from central.domain.alerts.rules import CATALOGUE
from central.domain.alerts.snapshot import Snapshot
from central.domain.base import VENDOR
from central.domain.event_log.event_kinds import EVERYBODY, EventKind
from central.domain.event_log.services import NewEvent, record, record_many
from central.keyring import KeyRing
from serverkit.alerts.engine import AlertBook, AlertState, Changes, Wanted, place_of
from serverkit.alerts.errors import UnknownAlertError
from serverkit.backup.alerts import KINDS as BACKUP_KINDS
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.tls.watch import KINDS as TLS_KINDS
from serverkit.updates.alerts import KINDS as UPDATE_KINDS

UNDELIVERED = frozenset({"mail_undelivered", "webhook_undelivered"})
VENDOR_KINDS = frozenset({"clock_suspicious", "trust_expiring"}) | UNDELIVERED
ACCOUNT_KINDS = frozenset(CATALOGUE) - VENDOR_KINDS - TLS_KINDS - BACKUP_KINDS - UPDATE_KINDS
TOLD = frozenset({"insufficient_licences"})


def book(account_id: str) -> AlertBook[Alert]:
    """The alerts of an account, or of the vendor."""
    return AlertBook(Alert, CATALOGUE, {"account_id": account_id})


def refresh_alerts(unit: Unit, account: SmartAccount) -> None:
    """Refresh the alerts of an account."""
    unit.session.flush()  # conditions read what this unit has changed
    unit.touched.discard(account.id)
    snapshot = Snapshot(unit, account)
    _tell(unit, account, book(account.id).reconcile(unit, account_wants(snapshot), ACCOUNT_KINDS, tell=TOLD))


def refresh_touched(
    unit: Unit, account: SmartAccount, *, instances: Collection[str], pools: Collection[tuple[str, str]]
) -> None:
    """Refresh the alerts that a change of these instances and pools can have touched."""
    unit.session.flush()  # conditions read what this unit has changed
    snapshot = Snapshot(unit, account)
    pools = _with_short(unit, account.id, pools)
    only = {kind: instances for kind in INSTANCE_KINDS if instances}
    if pools:
        only["insufficient_licences"] = [pool_key(*pool) for pool in pools]
    wanted = chain(shortages(snapshot, pools) if pools else (), of_instances(snapshot, instances) if instances else ())
    _tell(unit, account, book(account.id).reconcile(unit, wanted, (), only=only, tell=TOLD))


def refresh_clones(unit: Unit, account: SmartAccount) -> None:
    """Refresh the alerts about duplicate identities."""
    unit.session.flush()
    book(account.id).reconcile(unit, clones(Snapshot(unit, account)), ("device_clone",))


def _with_short(unit: Unit, account_id: str, pools: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """These pools, and all that lack one of their licences now, since their alerts name the surplus."""
    tags = {tag for _, tag in pools}
    if not tags:
        return set()
    short = select(Alert.subject).where(
        Alert.account_id == account_id, Alert.kind == "insufficient_licences", Alert.state != AlertState.CLEARED
    )
    named = ((subject["virtual_account"], subject["tag"]) for subject in unit.session.scalars(short))
    return {*pools, *(pool for pool in named if pool[1] in tags)}


def _tell(unit: Unit, account: SmartAccount, changes: Changes) -> None:
    new_events = [
        NewEvent(
            EventKind.SHORTAGE_DETECTED, want.message, want.subject, virtual_account_id=want.subject["virtual_account"]
        )
        for want in changes.reply
    ]
    record_many(unit, account.id, new_events)


def refresh_all(unit: Unit, keyring: KeyRing) -> int:
    """Refresh every account and the vendor's own alerts; returns how many accounts there are."""
    accounts = all_accounts(unit)
    unit.touched.discard(EVERYBODY)
    for account in accounts:
        refresh_alerts(unit, account)
    refresh_vendor(unit, keyring)
    return len(accounts)


def refresh_due(unit: Unit, keyring: KeyRing, due: Collection[str]) -> int:
    """Refresh the accounts in which time alone changed something; returns their number."""
    for account in all_accounts(unit):
        if account.id in due:
            refresh_alerts(unit, account)
    refresh_vendor(unit, keyring)
    return len(due)


def settle_alerts(unit: Unit, keyring: KeyRing) -> None:
    """Refresh the alerts that a unit touched; done before each commit."""
    if EVERYBODY in unit.touched:
        refresh_all(unit, keyring)
    elif VENDOR in unit.touched:
        refresh_vendor(unit, keyring)
    for account_id in sorted(unit.touched):
        refresh_alerts(unit, unit.session.get_one(SmartAccount, account_id))


def refresh_vendor(unit: Unit, keyring: KeyRing) -> None:
    """Refresh the vendor's own alerts."""
    unit.touched.discard(VENDOR)
    book(VENDOR).reconcile(unit, [*trust(keyring.trust.root, unit), *clock(unit), *undelivered(unit)], VENDOR_KINDS)


def refresh_undelivered(unit: Unit) -> None:
    """Refresh the vendor's alerts about mail and news that no one took."""
    unit.session.flush()
    book(VENDOR).reconcile(unit, undelivered(unit), UNDELIVERED)


def refresh_tls(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about central's TLS certificate."""
    book(VENDOR).reconcile(unit, wanted, TLS_KINDS)


def refresh_backups(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about central's backups."""
    book(VENDOR).reconcile(unit, wanted, BACKUP_KINDS)


def refresh_updates(unit: Unit, wanted: Iterable[Wanted]) -> None:
    """Refresh the alerts about central's updates."""
    book(VENDOR).reconcile(unit, wanted, UPDATE_KINDS)


def _of_pools(unit: Unit, account_id: str, rows: list[Alert], wanted: frozenset[str] | None) -> list[Alert]:
    if wanted is None:
        return rows
    sites = _satellites_of(unit, account_id, wanted)
    return [row for row in rows if _concerns(row, wanted, sites)]


def untold_alerts(unit: Unit, account_id: str) -> list[Alert]:
    """The alerts that were raised since the job that writes mails looked, the most urgent first."""
    query = select(Alert).where(Alert.told.is_(False), Alert.account_id == account_id)
    return sorted(unit.session.scalars(query), key=place_of)


def alerts_of(unit: Unit, account_id: str, ids: Collection[str]) -> dict[str, Alert]:
    """Alerts of an account by their ids, those that there are."""
    found: dict[str, Alert] = {}
    for piece in batches(sorted(ids)):
        rows = unit.session.scalars(select(Alert).where(Alert.account_id == account_id, Alert.id.in_(piece)))
        found |= {row.id: row for row in rows}
    return found


def seen_of(unit: Unit, account_id: str, rows: list[Alert]) -> list[Alert]:
    """Those of these alerts of an account that the actor may see."""
    return _of_pools(unit, account_id, rows, visible_virtual_accounts(unit, account_id))


def _satellites_of(unit: Unit, account_id: str, virtual_account_ids: frozenset[str]) -> set[str]:
    query = select(VirtualAccount.satellite_id).where(
        VirtualAccount.account_id == account_id,
        VirtualAccount.id.in_(virtual_account_ids),
        VirtualAccount.satellite_id.is_not(None),
    )
    return {found for found in unit.session.scalars(query) if found is not None}


def _concerns(row: Alert, virtual_account_ids: frozenset[str], sites: set[str]) -> bool:
    # That a site is overdue is shown in its virtual accounts too (row C10.4).
    if row.kind == "satellite_sync_overdue":
        return row.subject.get("satellite") in sites
    return not virtual_account_ids.isdisjoint(_pools_of(row))


def _pools_of(row: Alert) -> set[str]:
    """The virtual accounts that an alert is about: both of a device that is in two of them."""
    subject = row.subject
    return {str(one) for one in subject.get("virtual_accounts", [subject.get("virtual_account")]) if one}


def find_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """An alert that the actor sees; UnknownAlertError."""
    query = select(Alert).where(Alert.account_id.in_((account_id, VENDOR)), Alert.id == alert_id)
    found = unit.session.scalars(query.where(shown_in(unit, account_id))).one_or_none()
    if found is None:
        raise UnknownAlertError("there is no alert {alert_id!r}", alert_id=alert_id[:64])
    return found


def _manageable(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """An alert that the actor sees and may deal with; the account's own need the account."""
    found = find_alert(unit, account_id, alert_id)
    place = str(found.subject.get("virtual_account") or "")
    # One about a device that is in two virtual accounts is dealt with by those of either.
    both = (place, *sorted(_pools_of(found) - {place}))
    mine = next((one for one in both if is_permitted(unit, Permission.ALERT_MANAGE, account_id, one)), place)
    require(unit, Permission.ALERT_MANAGE, account_id, mine)
    return found


def dismiss_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """Dismiss an alert (row C10.2); one that is dismissed stays as it is, and no event is written."""
    before = _standing(_manageable(unit, account_id, alert_id))
    return _told(unit, book(account_id).dismiss(unit, alert_id), before, EventKind.ALERT_DISMISSED, "alert dismissed")


def restore_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """Open an alert again that was dismissed or put off (row C10.2); an open one stays as it is."""
    before = _standing(_manageable(unit, account_id, alert_id))
    return _told(unit, book(account_id).restore(unit, alert_id), before, EventKind.ALERT_RESTORED, "alert opened again")


def remind_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """Put an alert off (row C10.2); one that is put off until then stays as it is."""
    before = _standing(_manageable(unit, account_id, alert_id))
    return _told(unit, book(account_id).remind(unit, alert_id), before, EventKind.ALERT_REMINDED, "alert put off")


def _standing(alert: Alert) -> tuple[str, datetime | None]:
    return alert.state, alert.remind_at


def _told(unit: Unit, alert: Alert, before: tuple[str, datetime | None], kind: EventKind, said: str) -> Alert:
    if _standing(alert) != before:
        message, subject = f"{said}: {alert.message}", {"alert": alert.id}
        places: list[str | None] = [*sorted(_pools_of(alert))]
        for place in places or [None]:  # in the log of each virtual account that it is about
            record(unit, alert.account_id, kind, message, subject=subject, virtual_account_id=place)
    return alert
