"""Group commit by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from satellite.core.operations.models import ClockRow
from serverkit.actor import SYSTEM
from serverkit.clock import SystemClock
from serverkit.db.engine import make_engine
from serverkit.db.group import GroupCommit
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, Unit

HOOKS: list[int] = []


@dataclass
class Number:
    """A job: a number that is doubled when it is written."""

    number: int
    result: int | None = None
    error: BaseException | None = None

    @property
    def outcome(self) -> int | str | None:
        """The result, or the kind of the error."""
        return self.result if self.error is None else type(self.error).__name__


class Adding:
    """Writes numbers; some of them are bad."""

    def __init__(self, unit: Unit, sizes: list[int], group: Sequence[Number]) -> None:
        self.unit = unit
        sizes.append(len(group))

    def settle(self, job: Number, /) -> None:
        number = job.number
        if number == 17:
            self.unit.after_commit.append(lambda: HOOKS.append(number))
        if number in {13, 17}:
            raise ValueError("a fault of this job alone")
        if number == 99:
            raise OperationalError("INSERT", {}, Exception("the database's own fault"))
        self.unit.session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})
        if number == 7:
            self.unit.after_commit.append(lambda: HOOKS.append(number))
        job.result = number * 2

    def finish(self) -> None:
        pass


def committing(database: Database, sizes: list[int]) -> GroupCommit[Number]:
    """A group commit that notes how large each unit of work was."""
    return GroupCommit(database, SYSTEM, lambda unit, group: Adding(unit, sizes, group))


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


def _settled(
    database: Database, numbers: list[int], sizes: list[int] | None = None
) -> tuple[list[int], list[int | str | None]]:
    sizes = [] if sizes is None else sizes
    group = [Number(number) for number in numbers]
    committing(database, sizes).settle(group)
    return sizes, [job.outcome for job in group]


@pytest.mark.row("S4.1", "S4.2")
def test_what_comes_together_is_committed_together(database: Database) -> None:
    """One unit of work for all; each gets its own result."""
    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    sizes, said = _settled(database, list(range(20, 40)))

    assert sizes == [20]
    assert len(commits) == 1
    assert said == [number * 2 for number in range(20, 40)]
    assert _kept(database) == list(range(20, 40))


@pytest.mark.row("S4.1", "S4.2")
def test_a_job_that_fails_by_itself_fails_alone(database: Database) -> None:
    """Its neighbours are kept and answered."""
    _, said = _settled(database, [1, 2, 13, 4])

    assert said == [2, 4, "ValueError", 8]
    assert _kept(database) == [1, 2, 4]


@pytest.mark.row("S4.1", "S4.2")
def test_a_job_that_fails_does_nothing_after_the_commit(database: Database) -> None:
    """What it wanted to do then is left out; what a good one wanted is done, once."""
    HOOKS.clear()
    _, said = _settled(database, [1, 17, 7, 2])

    assert said == [2, "ValueError", 14, 4]
    assert HOOKS == [7]


@pytest.mark.row("S4.1", "S4.2")
def test_after_a_commit_that_failed_nothing_is_tried_again(database: Database) -> None:
    """No one knows whether it was kept after all: each is told of the failure, and only anyone who asked may ask again."""
    sizes: list[int] = []

    def fail(_connection: object) -> None:
        if sizes:
            raise OperationalError("COMMIT", {}, Exception("the disk did not say"))

    event.listen(database.engine, "commit", fail)
    _, said = _settled(database, [1, 2, 3, 4], sizes)
    event.remove(database.engine, "commit", fail)

    assert sizes == [4]
    assert said == ["OperationalError"] * 4
    assert _kept(database) == []


@pytest.mark.row("S4.1", "S4.2")
def test_an_error_of_the_database_is_no_error_of_the_neighbours(database: Database) -> None:
    """The group is undone and each job tried alone; only the bad one fails."""
    _, said = _settled(database, [1, 2, 99, 4])

    assert said == [2, 4, "OperationalError", 8]
    assert _kept(database) == [1, 2, 4]


@pytest.mark.row("S4.1", "S4.2")
def test_ordinary_writers_get_their_turn_between_groups(database: Database) -> None:
    """While groups follow each other without a pause, another writer is let in again and again."""
    group, end = committing(database, []), Event()

    def hammer() -> None:
        while not end.is_set():
            group.settle([Number(number) for number in range(200, 206)])

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(hammer)
        for number in range(5):
            with database.write(SYSTEM) as unit:
                unit.session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})
        end.set()

    assert [number for number in _kept(database) if number < 100] == [0, 1, 2, 3, 4]
