"""Runs a job: the row (job, slot) is the only guard needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import delete, or_, select, update

from serverkit.actor import Actor, ActorKind
from serverkit.clock import iso
from serverkit.db.base import JobRunMixin
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError, DatabaseGuardError, NotFoundError, Remedy
from serverkit.faults import crash_point
from serverkit.ids import new_id
from serverkit.locks import for_change
from serverkit.log import get_logger
from serverkit.names import did_you_mean

KEPT = timedelta(days=30)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again; `run` says in a few words what it did.

    A run that has not ended when its lease expires counts as dead: its slot has failed, and the next one may run.
    `apart` takes the place of `run` where the work opens units of its own, because it waits for others in between.
    """

    name: str
    every: timedelta
    run: Callable[[Unit], str]
    description: str
    apart: Callable[[], str] | None = None
    lease: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What became of a run: done, failed, or taken (another scheduler has this slot)."""

    job: str
    slot: str
    state: str
    detail: str


_unfinished: WeakKeyDictionary[Database, dict[str, Callable[[Unit], None]]] = WeakKeyDictionary()
"""Ends of runs of this process that could not be written down, by job."""


class UnknownJobError(NotFoundError):
    """The refusal `unknown_job`."""

    code = "unknown_job"
    message = "There is no job of this name."
    remedy = Remedy("List the jobs with `jobs list`.", page="operations.md")


def slot_of(job: Job, now: datetime) -> str:
    """The slot that a moment belongs to, counted from a fixed day: never derived from an earlier run."""
    return iso(_EPOCH + job.every * ((now - _EPOCH) // job.every))


def run_job(database: Database, runs: type[JobRunMixin], job: Job, *, slot: str | None = None) -> JobResult:
    """Run a job's present slot, or an own slot when it is started by hand (`slot` given)."""
    actor = Actor(ActorKind.JOB, job.name, f"job {job.name}")
    left = _unfinished.setdefault(database, {})
    if job.name in left:
        database.run(actor, left[job.name])
        del left[job.name]
    started = database.clock.now()
    name = slot or slot_of(job, started)
    try:
        free = database.run(actor, lambda unit: _claim(unit, runs, job, name, by_hand=slot is not None))
    except DatabaseGuardError:  # another scheduler took it at the same moment
        free = False
    if not free:
        return JobResult(job.name, name, "taken", "this slot was run already, or an earlier one still runs")
    crash_point("job_started", job.name)
    try:
        detail, state = job.apart() if job.apart else database.run(actor, job.run), "done"
    except Exception as error:  # noqa: BLE001 - a slot that is left running blocks the job until its lease is over
        trace = None if isinstance(error, AppError) else error
        get_logger().error("job_failed", job=job.name, slot=name, cause=type(error).__name__, exc_info=trace)
        detail, state = f"{type(error).__name__}: {getattr(error, 'message', 'see the log')}", "failed"

    def finish(unit: Unit) -> None:
        ended = update(runs).where(runs.job == job.name, runs.slot == name)
        unit.session.execute(ended.values(state=state, finished=unit.now, detail=detail))
        unit.session.execute(delete(runs).where(runs.job == job.name, runs.started < unit.now - KEPT))

    try:
        database.run(actor, finish)
    except AppError:  # on a full disk the next offer writes it down: a slot left running would block the job
        left[job.name] = finish
        raise
    return JobResult(job.name, name, state, detail)


def _claim(unit: Unit, runs: type[JobRunMixin], job: Job, slot: str, *, by_hand: bool) -> bool:
    """Take a slot; False while another is at work and its lease is not over."""
    query = for_change(select(runs).where(runs.job == job.name, or_(runs.state == "running", runs.slot == slot)))
    found = list(unit.session.scalars(query))
    for row in found:
        if row.state != "running":
            continue
        if unit.now - row.started >= job.lease:
            row.state, row.finished, row.detail = "failed", unit.now, "it did not end before its lease was over"
        elif not by_hand:
            return False
    if any(row.slot == slot for row in found):
        return False
    values = {"job": job.name, "slot": slot, "state": "running", "started": unit.now, "detail": ""}
    unit.session.add(runs(**values))
    return True


def manual_slot() -> str:
    """A slot of its own for a run that a person starts."""
    return f"manual-{new_id()}"


def find_job(jobs: tuple[Job, ...], name: str) -> Job:
    """A job by its name."""
    for job in jobs:
        if job.name == name:
            return job
    raise UnknownJobError(
        "there is no job {name!r}{hint}", name=name[:80], hint=did_you_mean(name, [job.name for job in jobs])
    )
