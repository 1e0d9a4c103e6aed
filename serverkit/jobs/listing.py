"""Runs of jobs as lists and pages show them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import SQLColumnExpression, func

from serverkit.clock import iso, optional_iso
from serverkit.db.base import JobRunMixin

BY_HAND = "manual-"


def run_id(table: type[JobRunMixin]) -> SQLColumnExpression[Any]:
    """What a run is called in addresses: its job, and its slot without colons."""
    return table.job + ":" + func.replace(table.slot, ":", ".")


def run_dict(row: JobRunMixin) -> dict[str, Any]:
    """A run for people."""
    return {
        "id": f"{row.job}:{row.slot.replace(':', '.')}",
        "kind": row.job,
        "by": "person" if row.slot.startswith(BY_HAND) else "schedule",
        "state": row.state,
        "started": iso(row.started),
        "finished": optional_iso(row.finished),
        "took_seconds": (row.finished - row.started).total_seconds() if row.finished is not None else None,
        "detail": row.detail,
    }
