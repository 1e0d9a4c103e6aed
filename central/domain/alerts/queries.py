"""Alerts for people and programs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from central.domain.access.models import RoleAssignment
from central.domain.alerts.models import Alert
from serverkit.alerts.engine import AlertState, Severity
from serverkit.alerts.texts import surplus_text
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit


def overview(unit: Unit, account_id: str) -> dict[str, Any]:
    """What the list of accounts shows beside each: open alerts by severity, and how many hold each role (row C1.1)."""
    alerts = (
        select(Alert.severity, func.count())
        .where(Alert.account_id == account_id, Alert.state == AlertState.OPEN)
        .group_by(Alert.severity)
    )
    roles = (
        select(RoleAssignment.role, func.count(RoleAssignment.user_id.distinct()))
        .where(RoleAssignment.account_id == account_id)
        .group_by(RoleAssignment.role)
    )
    counts = {severity: int(count) for severity, count in unit.session.execute(alerts)}
    return {
        "alerts": {level.value: counts.get(level.value, 0) for level in (Severity.MAJOR, Severity.MINOR)},
        "roles": {role: int(count) for role, count in unit.session.execute(roles)},
    }


def alert_dict(row: Alert, allowed: frozenset[str] | None = None) -> dict[str, Any]:
    """An alert; of virtual accounts with a surplus, those alone that may be seen (None: all)."""
    message, subject = row.message, dict(row.subject)
    if "surplus" in subject:
        subject["surplus"] = [
            entry for entry in subject["surplus"] if allowed is None or entry["virtual_account"] in allowed
        ]
        message += surplus_text(subject["surplus"])
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "message": message,
        "source": row.source,
        "raised_at": iso(row.raised_at),
        "action_due": optional_iso(row.action_due),
        "remind_at": optional_iso(row.remind_at),
        "actions": row.actions,
        "state": row.state,
        "subject": subject,
    }
