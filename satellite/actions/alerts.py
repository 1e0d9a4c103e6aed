"""Use cases of alerts (row S3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, or_, select

from satellite.actions.virtual_accounts import find_id
from satellite.core.accounts.queries import names
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import alert_dict, book
from satellite.core.alerts.services import dismiss_alert as dismiss
from satellite.core.alerts.services import remind_alert as remind
from satellite.core.alerts.services import restore_alert as restore
from satellite.runtime import Satellite
from serverkit.alerts.engine import AlertState, Place, Severity, place_of
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of


def list_alerts(unit: Unit, virtual_account_name: str | None = None, *, every: bool = False) -> list[dict[str, Any]]:
    """List the open alerts, the most urgent first; `every` adds those that are postponed, dismissed or cleared."""
    return [view for _, view in list_placed_alerts(unit, virtual_account_name, every=every)]


def list_placed_alerts(
    unit: Unit, virtual_account_name: str | None, *, every: bool
) -> list[tuple[Place, dict[str, Any]]]:
    """List alerts, each with its place in the order, from which the next page goes on."""
    chosen = find_id(unit, virtual_account_name)
    rows = book().open_ones(unit, every=every)
    return [(place_of(row), alert_dict(row)) for row in rows if chosen is None or chosen in _pools_of(row.subject)]


def _pools_of(subject: Mapping[str, Any]) -> list[Any]:
    """The virtual accounts that an alert is about: both of a device that is in two of them."""
    found: list[Any] = subject.get("virtual_accounts", [subject.get("virtual_account")])
    return found


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


_URGENCY = case({word.value: at for at, word in enumerate(Severity)}, value=Alert.severity)


# An alert without a due time stands after those that have one.
_DUE = func.coalesce(Alert.action_due, datetime(9999, 1, 1).astimezone())


ALERT_ORDERS = Orders(
    Alert.id,
    {
        "severity": (_URGENCY, _DUE, Alert.raised_at),
        "action_due": (_DUE,),
        "raised_at": (Alert.raised_at,),
        "kind": (Alert.kind,),
        "source": (Alert.source,),
        "state": (Alert.state,),
    },
    "severity",
)


def _concerns(unit: Unit, virtual_account_id: str) -> ColumnElement[bool]:
    """Whether an alert is about a virtual account; one about missing licences names others, too, that have a surplus."""
    names_it = cast(Alert.subject, String).contains(virtual_account_id, autoescape=True)
    short = select(Alert.id, Alert.subject).where(names_it, Alert.kind == "insufficient_licences")
    about = [of for of, subject in unit.session.execute(short) if virtual_account_id in _pools_of(subject)]
    return (names_it & (Alert.kind != "insufficient_licences")) | Alert.id.in_(about)


def list_alert_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Alerts, the most urgent first. Filters: q, severity, kind, state (open is usual; all; hidden), virtual_account."""
    wanted = part.wanted
    query, state = select(Alert), wanted.get("state", AlertState.OPEN)
    if state == "hidden":
        query = query.where(Alert.state.in_((AlertState.DISMISSED, AlertState.REMINDED)))
    elif state != "all":
        query = query.where(Alert.state == state)
    if text := wanted.get("q"):
        query = query.where(
            or_(*(func.lower(one).contains(text.lower(), autoescape=True) for one in (Alert.message, Alert.source)))
        )
    for column, name in ((Alert.severity, "severity"), (Alert.kind, "kind")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if place := wanted.get("virtual_account"):
        ids = [of for of, name in names(unit).items() if place in {of, name}]
        query = query.where(or_(*(_concerns(unit, of) for of in ids or [place])))
    return window_of(unit, query, ALERT_ORDERS, part, lambda rows: [alert_dict(row) for row in rows])
