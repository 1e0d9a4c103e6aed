"""Use cases of scheduled jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.actions.views import JobRunView, JobView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.operations.models import JobRun
from serverkit.actor import Actor
from serverkit.db.paging import ALL, Listing, Slice
from serverkit.db.unit import Database, Unit
from serverkit.jobs import runs
from serverkit.jobs.runs import Job


def list_jobs(unit: Unit, jobs: Sequence[Job], part: Slice = ALL) -> Listing:
    """List the jobs by name, each with its current slot."""
    require(unit, Permission.VENDOR_MANAGE)
    following = sorted((job for job in jobs if part.after is None or job.name > part.after), key=lambda job: job.name)
    shown = following if part.limit is None else following[: part.limit]
    views = [
        JobView(
            id=job.name,
            name=job.name,
            every_seconds=int(job.every.total_seconds()),
            slot=runs.slot_of(job, unit.now),
            description=job.description,
        )
        for job in shown
    ]
    return Listing([view.shown() for view in views], shown[-1].name if len(shown) < len(following) else None)


def run_job(database: Database, actor: Actor, jobs: Sequence[Job], name: str) -> dict[str, Any]:
    """Run a job immediately, in a slot of its own; UnknownJobError."""
    with database.write(actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
    result = runs.run_job(database, JobRun, runs.find_job(tuple(jobs), name), slot=runs.manual_slot())
    return JobRunView(job=result.job, slot=result.slot, state=result.state, detail=result.detail).shown()
