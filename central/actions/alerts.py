"""Use cases of alerts (row C10.2). Listing them changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central.actions.views import AlertView
from central.actions.visible_accounts import visible_names
from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.alerts import services
from central.domain.alerts.models import Alert
from central.domain.alerts.queries import alert_dict
from central.keyring import KeyRing
from serverkit.alerts.engine import place_of
from serverkit.alerts.places import place_key, read_place
from serverkit.db.paging import ALL, Listing, Slice
from serverkit.db.unit import Unit
from serverkit.licence_texts import quantity


def refresh_alerts(keyring: KeyRing, unit: Unit) -> str:
    """Make the alerts of every account equal to state and clock; the result of the job."""
    return f"{quantity(services.refresh_all(unit, keyring), 'account')} refreshed"


def list_alerts(
    unit: Unit, domain: str, virtual_account_name: str | None = None, *, every: bool = False, part: Slice = ALL
) -> Listing:
    """List the alerts that the caller may see, most urgent first: by severity, when action is due, age and id.

    `every` adds those that were put off, dismissed or cleared.
    """
    account = by_domain(unit, domain)
    chosen = None if virtual_account_name is None else virtual_account(unit, account.id, virtual_account_name).id
    rows = services.visible_alerts(unit, account.id, chosen, every=every)
    if part.after is not None:
        last = read_place(part.after)
        rows = [row for row in rows if place_of(row) > last]
    shown = rows if part.limit is None else rows[: part.limit]
    allowed = visible_virtual_accounts(unit, account.id)
    items = [_shown(row, allowed) for row in shown]
    return Listing(items, place_key(place_of(shown[-1])) if len(shown) < len(rows) else None)


@dataclass(frozen=True, slots=True)
class AlertsAround:
    """The open alerts of a place, and how many there are around it, by severity: in the account, of its satellites, by virtual account."""

    items: list[dict[str, Any]]
    account: Mapping[str, int]
    satellites: Mapping[str, int]
    places: Mapping[str, Mapping[str, int]]


def list_alerts_around(unit: Unit, domain: str, virtual_account_id: str | None = None) -> AlertsAround:
    """The open alerts that the caller sees in an account, or in a virtual account by its id, with the counts around it."""
    account = by_domain(unit, domain)
    rows = services.visible_alerts(unit, account.id, None, every=False)
    places = services.by_virtual_account(unit, account.id, rows, visible_names(unit, account.id))
    here = rows if virtual_account_id is None else places.get(virtual_account_id, [])
    allowed = visible_virtual_accounts(unit, account.id)
    return AlertsAround(
        [_shown(row, allowed) for row in here],
        Counter(row.severity for row in rows),
        Counter(row.severity for row in rows if row.kind.startswith("satellite_")),
        {va: Counter(row.severity for row in concerning) for va, concerning in places.items()},
    )


def find_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """An alert that the caller sees; UnknownAlertError."""
    account = by_domain(unit, domain)
    return _shown(services.find_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def count_alerts(unit: Unit, domain: str) -> dict[str, int]:
    """How many of the alerts that the caller sees are open, by severity."""
    return dict(
        Counter(row.severity for row in services.visible_alerts(unit, by_domain(unit, domain).id, None, every=False))
    )


def dismiss_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    account = by_domain(unit, domain)
    return _shown(services.dismiss_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def restore_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Open an alert again that was dismissed or postponed."""
    account = by_domain(unit, domain)
    return _shown(services.restore_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def remind_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Postpone an alert until its next step."""
    account = by_domain(unit, domain)
    return _shown(services.remind_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def _shown(row: Alert, allowed: frozenset[str] | None) -> dict[str, Any]:
    found = alert_dict(row, allowed)
    # The view keeps plain texts; the message remembers its template, which a page fills in its own language.
    return {**AlertView(**found).shown(), "message": found["message"]}
