"""Keeping alerts true: after changes for one account, daily for all (rows C10.1, C10.2)."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import is_permitted, require, visible_virtual_accounts
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import all_accounts
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.alerts.conditions import Scene, account_wants, clock, trust
from central.domain.alerts.due import due_accounts
from central.domain.alerts.models import Alert
from central.domain.alerts.rules import CATALOGUE
from central.domain.base import VENDOR
from central.keyring import KeyRing
from chassis.alerts.engine import AlertBook, UnknownAlertError
from chassis.db.unit import Unit

VENDOR_KINDS = frozenset({"clock_suspicious", "trust_expiring"})
ACCOUNT_KINDS = frozenset(CATALOGUE) - VENDOR_KINDS


def book(account_id: str) -> AlertBook[Alert]:
    """The alerts of an account, or of the vendor."""
    return AlertBook(Alert, CATALOGUE, {"account_id": account_id})


def refresh_alerts(unit: Unit, account: SmartAccount) -> None:
    """Make the account's alerts equal to what state and clock demand."""
    unit.session.flush()  # conditions read what this unit has changed
    rows = unit.session.scalars(select(VirtualAccount).where(VirtualAccount.account_id == account.id))
    scene = Scene(unit, account, {row.id: row for row in rows})
    changes = book(account.id).reconcile(unit, account_wants(scene), ACCOUNT_KINDS)
    for alert in changes.raised:
        if alert.kind == "insufficient_licences":
            subject, va = alert.subject, alert.subject["virtual_account"]
            record(unit, account.id, EventKind.SHORTAGE_DETECTED, alert.message, subject=subject, virtual_account_id=va)


def refresh_all(unit: Unit, keyring: KeyRing) -> int:
    """Refresh every account and the vendor's own alerts; returns how many accounts there are."""
    accounts = all_accounts(unit)
    for account in accounts:
        refresh_alerts(unit, account)
    refresh_vendor(unit, keyring)
    return len(accounts)


def refresh_due(unit: Unit, keyring: KeyRing) -> int:
    """Refresh what time alone changed within the hour; returns how many accounts that were."""
    due = due_accounts(unit)
    for account in all_accounts(unit):
        if account.id in due:
            refresh_alerts(unit, account)
    refresh_vendor(unit, keyring)
    return len(due)


def refresh_vendor(unit: Unit, keyring: KeyRing) -> None:
    """Make the vendor's own alerts equal to what state and clock demand."""
    book(VENDOR).reconcile(unit, [*trust(keyring.trust.root, unit), *clock(unit)], VENDOR_KINDS)


def visible_alerts(unit: Unit, account_id: str, virtual_account_id: str | None, *, every: bool) -> list[Alert]:
    """The alerts that the acting one may see, most urgent first."""
    allowed = visible_virtual_accounts(unit, account_id)
    rows = book(account_id).open_ones(unit, every=every)
    if virtual_account_id is not None:
        rows = [row for row in rows if row.subject.get("virtual_account") == virtual_account_id]
    if allowed is not None:
        rows = [row for row in rows if row.subject.get("virtual_account") in allowed]
    if virtual_account_id is None and is_permitted(unit, Permission.VENDOR_MANAGE):
        rows = [*book(VENDOR).open_ones(unit, every=every), *rows]
    return rows


def _manageable(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """An alert that the acting one sees and may deal with; UnknownAlertError, NotPermittedError."""
    found = next((row for row in visible_alerts(unit, account_id, None, every=True) if row.id == alert_id), None)
    if found is None:
        raise UnknownAlertError(f"there is no alert {alert_id[:64]!r}")
    require(unit, Permission.ALERT_MANAGE, account_id, str(found.subject.get("virtual_account") or ""))
    return found


def dismiss_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """Dismiss an alert (row C10.2)."""
    alert = book(account_id).dismiss(unit, _manageable(unit, account_id, alert_id).id)
    message = f"alert dismissed: {alert.message}"
    record(unit, account_id, EventKind.ALERT_DISMISSED, message, subject={"alert": alert.id})
    return alert


def remind_alert(unit: Unit, account_id: str, alert_id: str) -> Alert:
    """Put an alert off (row C10.2)."""
    alert = book(account_id).remind(unit, _manageable(unit, account_id, alert_id).id)
    record(unit, account_id, EventKind.ALERT_REMINDED, f"alert put off: {alert.message}", subject={"alert": alert.id})
    return alert
