"""Use cases of scheduled jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, tuple_

from central.actions.views import JobRunView, JobView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.operations.models import JobRun
from serverkit.actor import Actor
from serverkit.db.paging import ALL, Listing, Slice
from serverkit.db.unit import Database, Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.jobs import runs
from serverkit.jobs.listing import BY_HAND, run_dict, run_id
from serverkit.jobs.runs import Job

RUN_ORDERS = Orders(run_id(JobRun), {"started": (JobRun.started,)}, "-started")


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


def list_runs(unit: Unit, part: Part = WHOLE) -> Window:
    """Runs of jobs, the newest first. Filters: q (in the result), kind (a job), state, by (person, schedule)."""
    require(unit, Permission.VENDOR_MANAGE)
    wanted, query = part.wanted, select(JobRun)
    for column, name in ((JobRun.job, "kind"), (JobRun.state, "state")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if by := wanted.get("by"):
        by_hand = JobRun.slot.startswith(BY_HAND)
        query = query.where(by_hand if by == "person" else ~by_hand)
    if text := wanted.get("q"):
        query = query.where(func.lower(JobRun.detail).contains(text.lower(), autoescape=True))
    return window_of(unit, query, RUN_ORDERS, part, lambda rows: [run_dict(row) for row in rows])


def list_job_states(unit: Unit, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """The jobs by name, each with its newest run; `last` is None where it never ran or its runs are forgotten."""
    require(unit, Permission.VENDOR_MANAGE)
    newest = select(JobRun.job, func.max(JobRun.started)).group_by(JobRun.job)
    rows = unit.session.scalars(select(JobRun).where(tuple_(JobRun.job, JobRun.started).in_(newest)))
    last = {row.job: run_dict(row) for row in rows}
    return [{**one, "last": last.get(one["name"])} for one in list_jobs(unit, jobs).items]


def run_job(database: Database, actor: Actor, jobs: Sequence[Job], name: str) -> dict[str, Any]:
    """Run a job immediately, in a slot of its own; UnknownJobError."""
    with database.write(actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
    result = runs.run_job(database, JobRun, runs.find_job(tuple(jobs), name), slot=runs.manual_slot())
    return JobRunView(job=result.job, slot=result.slot, state=result.state, detail=result.detail).shown()
