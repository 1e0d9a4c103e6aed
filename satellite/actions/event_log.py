"""Use cases of the event log (row S3.2)."""

from __future__ import annotations

from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.event_log import queries
from serverkit.db.unit import Unit


def list_events(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the events, newest first."""
    return queries.events(unit, find_id(unit, virtual_account_name))
