"""The steps of the set-up as people see them, each with the command that does it (row S1.5)."""

from __future__ import annotations

from typing import Any

from satellite.actions.setup import show_progress
from serverkit.db.unit import Unit


def show_steps(unit: Unit) -> dict[str, Any]:
    """Show every step in order, whether all are done, and the next command."""
    progress = show_progress(unit)
    items = [
        {"step": "registration", "done": progress.registered, "next": "satellite registration export --output FILE"},
        {"step": "authorization", "done": progress.authorized, "next": "satellite registration import FILE"},
        {"step": "synchronization", "done": progress.finished, "next": "satellite setup finish --mode manual"},
    ]
    todo = next((item["next"] for item in items if not item["done"]), None)
    return {"items": items, "finished": todo is None, "next": todo}
