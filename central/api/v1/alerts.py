"""Alerts."""

from __future__ import annotations

from typing import Any

from central.actions import alerts
from central.actions.views import AlertView
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import Operation, list_of, part_of
from serverkit.http.schemas import Nothing, PoolPage


class AlertPage(PoolPage):
    """A page of alerts; `every` adds those that were put off, dismissed or cleared."""

    every: bool = False


def list_alerts(call: Call) -> dict[str, Any]:
    """List alerts, most urgent first."""
    query: AlertPage = call.query
    where = (call.path["account"], query.virtual_account)
    return alerts.list_alerts(call.unit, *where, every=query.every, part=part_of(query)).to_dict()


def dismiss(call: Call) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    return alerts.dismiss_alert(call.unit, call.path["account"], call.path["alert"])


def restore(call: Call) -> dict[str, Any]:
    """Open an alert again that was dismissed or postponed."""
    return alerts.restore_alert(call.unit, call.path["account"], call.path["alert"])


def remind(call: Call) -> dict[str, Any]:
    """Postpone an alert until its next step."""
    return alerts.remind_alert(call.unit, call.path["account"], call.path["alert"])


ALERT = AlertView.schema_object()
Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_alerts", "GET", f"{ACCOUNT_PATH}/alerts", "List alerts.", list_alerts, list_of(ALERT), AlertPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C10.1",
    ),
    Op(
        "dismiss_alert", "POST", f"{ACCOUNT_PATH}/alerts/{{alert}}/dismiss", "Dismiss an alert.", dismiss, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="C10.1",
    ),
    Op(
        "restore_alert", "POST", f"{ACCOUNT_PATH}/alerts/{{alert}}/restore", "Open an alert again.", restore, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="C10.1",
    ),
    Op(
        "remind_alert", "POST", f"{ACCOUNT_PATH}/alerts/{{alert}}/remind", "Put an alert off.", remind, ALERT,
        body=Nothing, changes=True,
        permission=Permission.ALERT_MANAGE, row="C10.1",
    ),
)  # fmt: skip
