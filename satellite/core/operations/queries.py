"""Reading the runs of tasks (row S3.2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func

from satellite.core.operations.errors import UnknownTaskError
from satellite.core.operations.models import JobRun
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit

BY_HAND = "manual-"
RUN_ID = JobRun.job + ":" + func.replace(JobRun.slot, ":", ".")
"""What a run is called in addresses: its job, and its slot without colons."""


def task_of(unit: Unit, task_id: str) -> dict[str, Any]:
    """One run; UnknownTaskError."""
    job, _, slot = task_id.partition(":")
    row = unit.session.get(JobRun, (job, slot.replace(".", ":")))
    if row is None:
        raise UnknownTaskError("there is no task {id!r}", id=task_id[:80])
    return task_dict(row)


def task_dict(row: JobRun) -> dict[str, Any]:
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
