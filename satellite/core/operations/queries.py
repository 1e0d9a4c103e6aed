"""Reading the runs of tasks (row S3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from satellite.core.operations.errors import UnknownTaskError
from satellite.core.operations.models import JobRun, Task
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.jobs.listing import BY_HAND, run_dict, run_id

BY_JOB, TASK_KIND = "job ", "task-"
SCHEDULER_SILENT = timedelta(minutes=3)
"""Without a sign of life for this long, nobody runs tasks."""
RUN_ID = run_id(JobRun)


def task_of(unit: Unit, task_id: str) -> dict[str, Any]:
    """One run; UnknownTaskError."""
    job, _, slot = task_id.partition(":")
    row = unit.session.get(JobRun, (job, slot.replace(".", ":")))
    if row is None:
        raise UnknownTaskError("there is no task {id!r}", id=task_id[:80])
    return run_dict(row)


def last_sign(unit: Unit) -> datetime | None:
    """When a scheduler last began a job; None where none ever did."""
    return unit.session.scalar(select(func.max(JobRun.started)).where(~JobRun.slot.startswith(BY_HAND)))


def failing_jobs(unit: Unit, jobs: Sequence[str]) -> list[str]:
    """Those of some jobs whose last run of the schedule failed."""
    newest = (
        select(JobRun.state)
        .where(JobRun.job == job, ~JobRun.slot.startswith(BY_HAND), JobRun.state != "running")
        .order_by(JobRun.slot.desc())
        .limit(1)
        for job in jobs
    )
    return [job for job, query in zip(jobs, newest, strict=True) if unit.session.scalar(query) == "failed"]


def asked_dict(row: Task) -> dict[str, Any]:
    """A task that was asked for, as a run is shown: `who` asked for it, `progress` is done and total of what is counted."""
    return {
        "id": row.id,
        "kind": f"{TASK_KIND}{row.kind}",
        "by": "schedule" if row.created_by.startswith(BY_JOB) else "person",
        "who": row.created_by,
        "who_id": row.actor["id"],
        "state": row.state,
        "started": iso(row.asked_at),
        "finished": optional_iso(row.finished_at),
        "took_seconds": (row.finished_at - row.asked_at).total_seconds() if row.finished_at is not None else None,
        "detail": (row.error or {}).get("message") or str(row.wanted.get("title", "")),
        "progress": (row.done, row.total) if row.total else None,
    }
