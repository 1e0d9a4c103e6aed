"""Use cases of scheduled jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.core.operations.models import JobRun
from satellite.core.operations.queries import BY_HAND, RUN_ID, task_dict, task_of
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.jobs.runs import Job, find_job, manual_slot, slot_of
from serverkit.jobs.runs import run_job as run


def list_jobs(jobs: tuple[Job, ...], now: datetime) -> list[dict[str, Any]]:
    """List the jobs, each with its present slot."""
    return [
        {
            "name": job.name,
            "every_seconds": int(job.every.total_seconds()),
            "slot": slot_of(job, now),
            "description": job.description,
        }
        for job in jobs
    ]


def run_job(server: Satellite, actor: Actor, jobs: tuple[Job, ...], name: str) -> dict[str, Any]:
    """Run a job now; its result."""
    require_actor(actor, Permission.JOB_RUN)
    result = run(server.database, JobRun, find_job(jobs, name), slot=manual_slot())
    return {"job": result.job, "slot": result.slot, "state": result.state, "detail": result.detail}


TASK_ORDERS = Orders(RUN_ID, {"started": (JobRun.started,), "kind": (JobRun.job, JobRun.started)}, "-started")


def list_tasks(unit: Unit, part: Part = WHOLE) -> Window:
    """Runs of tasks, the newest first. Filters: q, kind, state, by (person, schedule)."""
    wanted = part.wanted
    query = select(JobRun)
    for column, name in ((JobRun.job, "kind"), (JobRun.state, "state")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if by := wanted.get("by"):
        by_hand = JobRun.slot.startswith(BY_HAND)
        query = query.where(by_hand if by == "person" else ~by_hand)
    if text := wanted.get("q"):
        query = query.where(func.lower(JobRun.detail).contains(text.lower(), autoescape=True))
    return window_of(unit, query, TASK_ORDERS, part, lambda rows: [task_dict(row) for row in rows])


def show_task(unit: Unit, task_id: str) -> dict[str, Any]:
    """Show one run of a task; UnknownTaskError."""
    return task_of(unit, task_id)
