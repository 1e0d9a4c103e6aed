"""Use cases of the export-authorization queue (row S3.3)."""

from __future__ import annotations

from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.export_queue import queries
from satellite.core.export_queue.track import Track, track_of
from serverkit.db.unit import Unit


def list_export_queue(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the export-authorization requests, newest first."""
    return queries.queue(unit, find_id(unit, virtual_account_name))


def show_track(unit: Unit, request_id: str) -> Track:
    """Show the way of one request; UnknownExportRequestError."""
    return track_of(unit, request_id)


__all__ = ["Track", "list_export_queue", "show_track"]
