"""Use cases of the export-authorization queue (row S3.3)."""

from __future__ import annotations

from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.export_queue import queries
from serverkit.db.unit import Unit


def list_export_queue(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the export-authorization requests, newest first."""
    return queries.queue(unit, find_id(unit, virtual_account_name))
