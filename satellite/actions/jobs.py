"""Use cases of scheduled jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.core.operations.models import JobRun
from satellite.core.operations.queries import task_of
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.db.unit import Unit
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


def show_task(unit: Unit, task_id: str) -> dict[str, Any]:
    """Show one run of a task; UnknownTaskError."""
    return task_of(unit, task_id)
