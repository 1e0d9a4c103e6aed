"""Use cases of alerts (row S3.2)."""

from __future__ import annotations

from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.alerts.services import alert_dict, book
from satellite.core.alerts.services import dismiss_alert as dismiss
from satellite.core.alerts.services import remind_alert as remind
from satellite.core.alerts.services import restore_alert as restore
from satellite.runtime import Satellite
from serverkit.alerts.engine import Place, place_of
from serverkit.db.unit import Unit


def list_alerts(unit: Unit, virtual_account_name: str | None = None, *, every: bool = False) -> list[dict[str, Any]]:
    """List the open alerts, the most urgent first; `every` adds those that are postponed, dismissed or cleared."""
    return [view for _, view in list_placed_alerts(unit, virtual_account_name, every=every)]


def list_placed_alerts(
    unit: Unit, virtual_account_name: str | None, *, every: bool
) -> list[tuple[Place, dict[str, Any]]]:
    """List alerts, each with its place in the order, from which the next page goes on."""
    chosen = find_id(unit, virtual_account_name)
    rows = book().open_ones(unit, every=every)
    return [(place_of(row), alert_dict(row)) for row in rows if chosen in {None, row.subject.get("virtual_account")}]


def find_alert(unit: Unit, alert_id: str) -> dict[str, Any]:
    """Find one alert that has not cleared; UnknownAlertError."""
    return alert_dict(book().find(unit, alert_id))


def dismiss_alert(unit: Unit, alert_id: str) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    return alert_dict(dismiss(unit, alert_id))


def restore_alert(unit: Unit, alert_id: str) -> dict[str, Any]:
    """Open an alert again that was dismissed or postponed."""
    return alert_dict(restore(unit, alert_id))


def remind_alert(unit: Unit, alert_id: str) -> dict[str, Any]:
    """Postpone an alert until its next step."""
    return alert_dict(remind(unit, alert_id))


def refresh_alerts(server: Satellite, unit: Unit) -> str:
    """Refresh every alert; the result of the job."""
    server.refresh_alerts(unit)
    return "alerts refreshed"
