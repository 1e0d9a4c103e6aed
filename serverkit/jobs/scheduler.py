"""The scheduler: a process beside the server that runs jobs in their slots."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from serverkit.clock import SystemClock
from serverkit.db.base import JobRunMixin
from serverkit.db.unit import Database
from serverkit.errors import AppError
from serverkit.jobs.runs import Job, run_job
from serverkit.log import get_logger

_PR_SET_PDEATHSIG = 1
LOOK_SECONDS, TASK_SECONDS = 30, 1


def run_scheduler(
    database: Database,
    runs: type[JobRunMixin],
    jobs: tuple[Job, ...],
    beat: Callable[[], None] | None = None,
    tasks: Callable[[], object] | None = None,
) -> None:
    """Offer each job its slot, now and every half minute, until the process is told to end.

    `beat` is what each process of several does for itself, as often; `tasks` runs what people asked for, each second. The slot's row decides whether anything runs; so a laboratory's clock may jump, and other schedulers may exist.
    """
    # A task that takes minutes is looked for each second meanwhile: that is no warning for the log.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = BlockingScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            settled(job.name, lambda job=job: run_job(database, runs, job)),  # type: ignore[misc]  # each its own job
            trigger=IntervalTrigger(seconds=LOOK_SECONDS, timezone="UTC"),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=SystemClock().now(),
        )
    if beat is not None:
        scheduler.add_job(
            settled("beat", beat),
            trigger=IntervalTrigger(seconds=LOOK_SECONDS, timezone="UTC"),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    if tasks is not None:
        scheduler.add_job(
            settled("tasks", tasks),
            trigger=IntervalTrigger(seconds=TASK_SECONDS, timezone="UTC"),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    # What was begun is finished first: a slot that was left half way would be closed to everyone until its lease ends.
    signal.signal(signal.SIGTERM, lambda *_: scheduler.shutdown(wait=True))
    scheduler.start()


def settled(name: str, work: Callable[[], object]) -> Callable[[], None]:
    """What is done again and again: while a database takes nothing, as on a full disk, the log says so once."""
    told: list[str] = []

    def run() -> None:
        try:
            work()
        except AppError as error:
            if told != [error.code]:
                told[:] = [error.code]
                get_logger().warning("job_not_run", job=name, cause=error.code)
        else:
            told.clear()

    return run


def start_child(work: Callable[[], None]) -> int:
    """Start `work` in a child process that ends with its parent, however that ends; returns the pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == parent:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            work()
        code = 0
    finally:
        os._exit(code)
