"""The queue of group commit by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from satellite.core.operations.models import ClockRow
from serverkit.actor import SYSTEM
from serverkit.clock import SystemClock
from serverkit.db.engine import make_engine
from serverkit.db.group import GroupCommit, Stages
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, Unit
from serverkit.errors import DatabaseBusyError

HOOKS: list[int] = []


class Adding:
    """Writes numbers; some of them are bad."""

    def __init__(self, unit: Unit, sizes: list[int], jobs: Sequence[int]) -> None:
        self.unit = unit
        sizes.append(len(jobs))

    def do(self, job: int) -> int:
        if job == 17:
            self.unit.after_commit.append(lambda: HOOKS.append(job))
        if job in {13, 17}:
            raise ValueError("a fault of this job alone")
        if job == 99:
            raise OperationalError("INSERT", {}, Exception("the database's own fault"))
        self.unit.session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": job})
        if job == 7:
            self.unit.after_commit.append(lambda: HOOKS.append(job))
        return job * 2

    def finish(self) -> None:
        pass


def _prepared(job: int) -> int:
    if job == 66:
        raise ValueError("not sound")
    return job


def stages(sizes: list[int]) -> Stages[int, int, int, int]:
    """Numbers pass through; 66 is refused before the unit of work, 55 after it."""

    def complete(done: int) -> int:
        if done == 110:
            raise ValueError("it cannot be said")
        return done

    return Stages(_prepared, lambda unit, found: Adding(unit, sizes, found), complete)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An embedded database with one table."""
    engine = make_engine(f"sqlite:///{tmp_path / 'db'}")
    made = Database(engine, Timekeeper(SystemClock(), engine, ClockRow), tmp_path / "write.lock")
    ClockRow.metadata.create_all(engine)
    with made.write(SYSTEM) as unit:
        unit.session.execute(text("CREATE TABLE numbers (n INTEGER)"))
    yield made
    made.dispose()


def _kept(database: Database) -> list[int]:
    with database.read(SYSTEM) as unit:
        return sorted(unit.session.scalars(text("SELECT n FROM numbers")))


def _gathered(database: Database, jobs: list[int], sizes: list[int] | None = None) -> tuple[list[int], list[int | str]]:
    sizes = [] if sizes is None else sizes
    group = GroupCommit(database, SYSTEM, stages(sizes))

    def one(job: int) -> int | str:
        try:
            return group.do(job)
        except Exception as error:  # noqa: BLE001 - its kind is what is looked at
            return type(error).__name__

    with ThreadPoolExecutor(len(jobs)) as pool:
        with database.write(SYSTEM):
            sent = [pool.submit(one, job) for job in jobs]
            ticks = Event()
            for _ in range(1000):
                if len(group._queue) >= len(jobs) - 1:
                    break
                ticks.wait(0.01)
        said = [each.result(30) for each in sent]
    return sizes, said


@pytest.mark.row("S4.1", "S4.2")
def test_what_waits_together_is_committed_together(database: Database) -> None:
    """One leads, the rest make one group; each gets its own result."""
    sizes, said = _gathered(database, list(range(20, 40)))

    assert sorted(sizes) == [1, 19]
    assert said == [number * 2 for number in range(20, 40)]
    assert _kept(database) == list(range(20, 40))


@pytest.mark.row("S4.1", "S4.2")
def test_a_job_that_fails_by_itself_fails_alone(database: Database) -> None:
    """Its neighbours are kept and answered."""
    _, said = _gathered(database, [1, 2, 13, 4])

    assert said == [2, 4, "ValueError", 8]
    assert _kept(database) == [1, 2, 4]


@pytest.mark.row("S4.1", "S4.2")
def test_what_is_not_sound_does_not_even_begin_a_unit(database: Database) -> None:
    """A job that is refused before opens no unit of work; one whose result cannot be said is kept all the same."""
    sizes: list[int] = []
    group = GroupCommit(database, SYSTEM, stages(sizes))

    refused = group.do_all([66, 66])
    mixed = group.do_all([1, 66, 55])

    assert [type(each) for each in refused] == [ValueError, ValueError]
    assert sizes == [2]
    assert (mixed[0], str(mixed[1]), str(mixed[2])) == (2, "not sound", "it cannot be said")
    assert _kept(database) == [1, 55]


@pytest.mark.row("S4.1", "S4.2")
def test_many_jobs_of_one_thread_are_done_in_bounded_groups(database: Database) -> None:
    """What one caller brings together is done together, as far as a group goes."""
    sizes: list[int] = []

    said = GroupCommit(database, SYSTEM, stages(sizes)).do_all(list(range(100, 230)))

    assert sizes == [64, 64, 2]
    assert said == [number * 2 for number in range(100, 230)]


@pytest.mark.row("S4.1", "S4.2")
def test_a_job_that_fails_does_nothing_after_the_commit(database: Database) -> None:
    """What it wanted to do then is left out; what a good one wanted is done, once."""
    HOOKS.clear()
    _, said = _gathered(database, [1, 17, 7, 2])

    assert said == [2, "ValueError", 14, 4]
    assert HOOKS == [7]


@pytest.mark.row("S4.1", "S4.2")
def test_after_a_commit_that_failed_nothing_is_tried_again(database: Database) -> None:
    """Nobody knows whether it was kept after all: each is told of the failure, and only anyone who asked may ask again."""
    sizes: list[int] = []

    def fail(_connection: object) -> None:
        if sizes and sizes[-1] > 1:
            raise OperationalError("COMMIT", {}, Exception("the disk did not say"))

    event.listen(database.engine, "commit", fail)
    _, said = _gathered(database, [1, 2, 3, 4], sizes)
    event.remove(database.engine, "commit", fail)

    assert sizes == [1, 3]
    assert said == [2, "OperationalError", "OperationalError", "OperationalError"]
    assert _kept(database) == [1]


@pytest.mark.row("S4.1", "S4.2")
def test_an_error_of_the_database_is_no_error_of_the_neighbours(database: Database) -> None:
    """The group is undone and each job tried alone; only the bad one fails."""
    _, said = _gathered(database, [1, 2, 99, 4])

    assert said == [2, 4, "OperationalError", 8]
    assert _kept(database) == [1, 2, 4]


@pytest.mark.row("S4.1", "S4.2")
def test_more_than_go_together_go_one_group_after_the_other(database: Database) -> None:
    """A hundred jobs are done in bounded groups, each once."""
    sizes, said = _gathered(database, list(range(100, 230)))

    assert max(sizes) <= 64
    assert sum(sizes) == 130
    assert len(said) == 130
    assert _kept(database) == list(range(100, 230))


@pytest.mark.row("S4.1", "S4.2")
def test_whoever_waits_too_long_is_told_so_and_nothing_of_it_is_done(database: Database) -> None:
    """The queue has a deadline; a job that was given up is not done later."""
    group = GroupCommit(database, SYSTEM, stages([]), patience=0.2)
    with database.write(SYSTEM):
        first = Thread(target=group.do, args=(1,))
        first.start()
        with pytest.raises(DatabaseBusyError):
            _after_first(group)
    first.join(30)
    later = group.do(3)

    assert later == 6
    assert _kept(database) == [1, 3]


def _after_first(group: GroupCommit[int, int, int, int]) -> None:
    ticks = Event()
    while not group._led:
        ticks.wait(0.01)
    group.do(2)


@pytest.mark.row("S4.1", "S4.2")
def test_ordinary_writers_get_their_turn_between_groups(database: Database) -> None:
    """While groups follow each other without a pause, another writer is let in again and again."""
    group = GroupCommit(database, SYSTEM, stages([]))
    end = Event()

    def hammer(number: int) -> None:
        while not end.is_set():
            group.do(number)

    with ThreadPoolExecutor(6) as pool:
        for number in range(200, 206):
            pool.submit(hammer, number)
        for number in range(5):
            with database.write(SYSTEM) as unit:
                unit.session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})
        end.set()

    assert [number for number in _kept(database) if number < 100] == [0, 1, 2, 3, 4]
