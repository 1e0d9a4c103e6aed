"""Several schedulers and many writers on one home: each slot once, each write kept, no one waits forever."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from satellite.core.base import next_number
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.models import JobRun
from satellite.runtime import open_satellite
from serverkit.actor import SYSTEM
from serverkit.db.unit import Unit
from serverkit.errors import NotFoundError
from serverkit.jobs import scheduler
from serverkit.jobs.runs import Job, run_job
from tests.faults.harness import dies_at
from tests.world import World

SECONDS = 4.0
WRITERS = 8


def child(work: Callable[[], object]) -> int:
    """Run `work` in a process of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def counting(unit: Unit) -> str:
    """A job whose runs can be counted."""
    record(unit, EventKind.SETUP_FINISHED, "counted")
    return "counted"


COUNT = Job("count", timedelta(hours=1), counting, "counts")


def counted(world: World) -> int:
    """How often the job has run."""
    return sum(event["message"] == "counted" for event in world.satellite("events")["items"])


def slots(world: World) -> list[tuple[str, str]]:
    """State and detail of each slot, oldest first."""
    made = open_satellite(world.folder / "satellite")
    with made.database.read(SYSTEM) as unit:
        rows = unit.session.scalars(sqlalchemy.select(JobRun).where(JobRun.job == "count").order_by(JobRun.started))
        found = [(row.state, row.detail) for row in rows]
    made.database.dispose()
    return found


@pytest.mark.row("E1")
def test_two_schedulers_run_each_slot_once(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes are offered the same slots again and again while the clock moves on; each slot runs exactly once."""
    monkeypatch.setattr(scheduler, "LOOK_SECONDS", 0.05)

    def work() -> None:
        own = open_satellite(site.folder / "satellite")
        scheduler.run_scheduler(own.database, JobRun, (COUNT,))

    pids = [child(work), child(work)]
    try:
        for passed in range(1, 6):
            end = time.monotonic() + 60
            while len(slots(site)) < passed or {state for state, _ in slots(site)} != {"done"}:
                assert time.monotonic() < end, slots(site)
                time.sleep(0.05)
            site.satellite("clock", "advance", "1h")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        ended = [os.waitpid(pid, 0)[1] for pid in pids]

    assert ended == [0, 0]
    assert counted(site) == len(slots(site))
    assert 5 <= len(slots(site)) <= 7


@pytest.mark.row("E1")
def test_a_scheduler_that_dies_at_work_leaves_a_failed_slot_and_the_next_one_runs(site: World) -> None:
    """As long as the lease holds no one doubles the work; when it is over the slot has failed, and the next runs."""
    made = open_satellite(site.folder / "satellite")
    database = made.database

    def work() -> None:
        run_job(open_satellite(site.folder / "satellite").database, JobRun, COUNT)

    died = dies_at("job_started:count", work)
    same = run_job(database, JobRun, COUNT)
    site.satellite("clock", "advance", "1h")
    after = run_job(database, JobRun, COUNT)
    database.dispose()

    assert died
    assert same.state == "taken"
    assert after.state == "done"
    assert slots(site) == [("failed", "it did not end before its lease was over"), ("done", "counted")]
    assert counted(site) == 1


@pytest.mark.row("E1")
def test_a_job_that_fails_is_a_failed_slot_and_the_next_one_runs(site: World) -> None:
    """Refused or broken by the database, the slot says why; nothing of it is kept, and its next slot is its own."""
    made = open_satellite(site.folder / "satellite")

    def refused(unit: Unit) -> str:
        counting(unit)
        raise NotFoundError("there is nothing to do it with")

    def broken(unit: Unit) -> str:
        counting(unit)
        unit.session.execute(sqlalchemy.text("SELECT * FROM nowhere"))
        return "never"

    results = []
    for work in (refused, broken, counting):
        results.append(run_job(made.database, JobRun, Job("count", timedelta(hours=1), work, "counts")))
        site.satellite("clock", "advance", "1h")
    made.database.dispose()

    assert [result.state for result in results] == ["failed", "failed", "done"]
    assert "there is nothing to do it with" in results[0].detail
    assert [state for state, _ in slots(site)] == ["failed", "failed", "done"]
    assert counted(site) == 1


@pytest.mark.row("E1")
def test_a_job_that_still_runs_is_not_doubled_by_its_next_slot(site: World) -> None:
    """A slot that comes due while the last one is at work within its lease is left out."""
    made = open_satellite(site.folder / "satellite")
    job = Job("count", timedelta(minutes=1), counting, "counts")
    inner: list[str] = []

    def slow(unit: Unit) -> str:
        del unit
        return "slow"

    def apart() -> str:
        site.satellite("clock", "advance", "5m")
        inner.append(run_job(made.database, JobRun, job).state)
        return "slow"

    outer = run_job(made.database, JobRun, Job("count", timedelta(minutes=1), slow, "slow", apart))
    made.database.dispose()

    assert inner == ["taken"]
    assert outer.state == "done"


@pytest.mark.row("E1")
def test_many_writers_share_one_home_fairly_and_lose_nothing(site: World) -> None:
    """Eight processes write for some seconds: no lock error, each gets its share, the total is the sum."""
    results = site.folder / "results"
    results.mkdir()
    home = site.folder / "satellite"

    def write(number: int) -> None:
        database = open_satellite(home).database
        end, count, worst = time.monotonic() + SECONDS, 0, 0.0
        while time.monotonic() < end:
            began = time.monotonic()
            with database.write(SYSTEM) as unit:
                value = next_number(unit, "written")
                record(unit, EventKind.SETUP_FINISHED, f"{number}: {value}")
            count, worst = count + 1, max(worst, time.monotonic() - began)
            time.sleep(0.002)
        (results / str(number)).write_text(f"{count} {worst}")

    pids = [child(lambda number=number: write(number)) for number in range(WRITERS)]  # type: ignore[misc]
    codes = [os.waitpid(pid, 0)[1] for pid in pids]
    counts = [int(file.read_text().split()[0]) for file in results.iterdir()]
    made = open_satellite(home)
    with made.database.write(SYSTEM) as unit:
        total = next_number(unit, "written") - 1
    made.database.dispose()

    assert codes == [0] * WRITERS
    assert len(counts) == WRITERS
    assert total == sum(counts)
    assert min(counts) >= 0.5 * sum(counts) / WRITERS, counts


@pytest.mark.row("E1")
def test_every_change_of_data_happens_in_a_transaction_that_began_immediate(site: World) -> None:
    """No path reads first and then writes in a transaction that another writer can make fail."""
    begun: dict[int, str] = {}
    wrong: list[str] = []

    def look(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.dialect.name != "sqlite":
            return
        words = statement.split(maxsplit=2)
        key = id(connection.connection.dbapi_connection)
        if words[0] == "BEGIN":
            begun[key] = words[1]
        elif words[0] in {"INSERT", "UPDATE", "DELETE", "REPLACE"} and begun.get(key) != "IMMEDIATE":
            wrong.append(statement[:100])

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", look)
    try:
        device = site.device("SN1")
        device.use("ADVANTAGE", 1)
        device.request_export("STRONG", 1)
        site.synchronize("1")
        device.renew_authorization()
        device.return_export("STRONG")
        for job in ("synchronize", "devices", "alerts", "anchor"):
            site.satellite("jobs", "run", job)
        for job in ("terms", "deadlines", "alerts"):
            site.central("jobs", "run", job)
        site.synchronize("2")
        site.satellite("instance", "remove", site.satellite("instances")["items"][0]["id"])
        site.satellite("backup", "create", "--output", site.file("b"))
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", look)

    assert "IMMEDIATE" in begun.values()
    assert wrong == []


@pytest.mark.row("E1")
def test_the_lock_of_a_process_that_was_killed_is_free_at_once(site: World) -> None:
    """A writer that dies inside its transaction leaves neither a lock nor a part of its change."""
    ready = site.folder / "inside"

    def hold() -> None:
        with open_satellite(site.folder / "satellite").database.write(SYSTEM) as unit:
            record(unit, EventKind.SETUP_FINISHED, "never")
            unit.session.flush()
            Path(ready).touch()
            time.sleep(60)

    pid = child(hold)
    while not ready.exists():
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    began = time.monotonic()
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "3")

    assert time.monotonic() - began < 20  # a lock that stays is waited for half a minute, and refused then
    assert "never" not in str(site.satellite("events"))
