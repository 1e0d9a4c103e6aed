"""Use cases of scheduled jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.core.operations.models import BY_HAND_ONLY, JobRun, Task
from satellite.core.operations.queries import BY_JOB, RUN_ID, TASK_KIND, asked_dict, task_of
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.db.named import Named
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, merged, window_of
from serverkit.jobs.listing import BY_HAND, run_dict
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

ASKED_ORDERS = Orders(Task.id, {"started": (Task.asked_at,)}, "-started")


def list_tasks(unit: Unit, part: Part = WHOLE) -> Window:
    """Runs of tasks, the newest first. Filters: q, kind, state, by (person, schedule)."""
    return _runs(unit, part, run_dict)


def _runs(unit: Unit, part: Part, show: Callable[[JobRun], dict[str, Any]], *, all_of_them: bool = True) -> Window:
    wanted = part.wanted
    query = select(JobRun) if all_of_them else select(JobRun).where(text(BY_HAND_ONLY))
    for column, name in ((JobRun.job, "kind"), (JobRun.state, "state")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if by := wanted.get("by"):
        by_hand = JobRun.slot.startswith(BY_HAND)
        query = query.where(by_hand if by == "person" else ~by_hand)
    if words := wanted.get("q"):
        query = query.where(func.lower(JobRun.detail).contains(words.lower(), autoescape=True))
    return window_of(unit, query, TASK_ORDERS, part, lambda rows: [show(row) for row in rows])


def list_works(unit: Unit, part: Part = WHOLE) -> Window:
    """Tasks that were asked for and runs of jobs in one list, the newest first. Filters: q, kind, state, by.

    Of the runs that the schedule starts, one a minute of several jobs, none is among them unless `by` or `kind` asks for them.
    The kind of a task is written `task-KIND`, since a job and what it asks for may have one name; `q` looks into the result
    of a run, and for who asked for a task.
    """
    kind, windows = part.wanted.get("kind", ""), []
    if not kind.startswith(TASK_KIND):
        asked = bool(kind) or part.wanted.get("by") == "schedule"
        windows.append(_runs(unit, part, lambda row: {**run_dict(row), "at": row.started}, all_of_them=asked))
    if not kind or kind.startswith(TASK_KIND):
        windows.append(_asked(unit, part))
    if part.only_ids:
        return Window(Named.joined(window.items for window in windows), count=sum(one.count for one in windows))
    return merged(windows, part, lambda one: (one["at"], one["id"]), reverse=(part.sort or "-started").startswith("-"))


def _asked(unit: Unit, part: Part) -> Window:
    query, wanted = select(Task), part.wanted
    if kind := wanted.get("kind"):
        query = query.where(Task.kind == kind.removeprefix(TASK_KIND))
    if state := wanted.get("state"):
        query = query.where(Task.state == state)
    if by := wanted.get("by"):
        by_job = Task.created_by.startswith(BY_JOB)
        query = query.where(~by_job if by == "person" else by_job)
    if words := wanted.get("q"):
        query = query.where(func.lower(Task.created_by).contains(words.lower(), autoescape=True))
    return window_of(
        unit, query, ASKED_ORDERS, part, lambda rows: [{**asked_dict(row), "at": row.asked_at} for row in rows]
    )


def show_task(unit: Unit, task_id: str) -> dict[str, Any]:
    """Show one run of a task; UnknownTaskError."""
    return task_of(unit, task_id)
