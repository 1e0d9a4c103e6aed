"""Runs of jobs as lists and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, func, select

from serverkit.clock import iso, optional_iso
from serverkit.db.base import JobRunMixin
from serverkit.db.unit import Unit

BY_HAND = "manual-"


def run_id(table: type[JobRunMixin]) -> SQLColumnExpression[Any]:
    """What a run is called in addresses: its job, and its slot without colons."""
    return table.job + ":" + func.replace(table.slot, ":", ".")


def newest_runs(unit: Unit, table: type[JobRunMixin], names: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """State and start of the newest run of each job that ended; those that never ran are left out."""
    found = {}
    for name in names:
        ended = select(table.state, table.started).where(table.job == name, table.state != "running")
        row = unit.session.execute(ended.order_by(table.slot.desc()).limit(1)).first()
        if row is not None:
            found[name] = (str(row.state), row.started)
    return found


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
