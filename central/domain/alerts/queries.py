"""Alerts for people and programs."""

from __future__ import annotations

from typing import Any

from central.domain.alerts.models import Alert
from chassis.clock import iso, optional_iso


def alert_dict(row: Alert) -> dict[str, Any]:
    """An alert."""
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "message": row.message,
        "source": row.source,
        "raised_at": iso(row.raised_at),
        "action_due": optional_iso(row.action_due),
        "actions": row.actions,
        "state": row.state,
        "subject": row.subject,
    }
