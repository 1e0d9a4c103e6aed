"""PostgreSQL that goes away for a moment: nothing acknowledged is lost, nothing is done twice, no one has to ask again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from central.domain.base import next_number
from central.domain.operations.models import ClockRow, CommitMark
from serverkit.actor import SYSTEM
from serverkit.clock import SystemClock
from serverkit.db.engine import make_engine
from serverkit.db.outage import Marks, Outage
from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database, Unit
from serverkit.errors import CommitInDoubtError, DatabaseUnavailableError

pytestmark = pytest.mark.system


@pytest.fixture
def shared(tmp_path: Path, postgresql: Callable[[str], str]) -> Iterator[Database]:
    """Central's database on PostgreSQL, which may be away for five seconds."""
    engine = make_engine(postgresql("central"))
    database = Database(engine, Timekeeper(SystemClock(), engine, ClockRow), tmp_path / "none", CommitMark, 5.0)
    yield database
    database.dispose()


def count(unit: Unit) -> int:
    """A change that shows how often it was made."""
    return next_number(unit, "", "tries")


def counted(database: Database) -> int:
    """How often it was made."""
    with database.read(SYSTEM) as unit:
        return unit.session.execute(text("SELECT sum(value) FROM counters WHERE name = 'tries'")).scalar() or 0


def cut(database: Database) -> None:
    """End every connection of this process, as a server that dies does."""
    with database.engine.connect() as connection:
        address = connection.connection.driver_connection.info.dsn  # type: ignore[union-attr]  # psycopg's own
    with psycopg.connect(address, autocommit=True) as beside:
        beside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def losing(engine: Engine, monkeypatch: pytest.MonkeyPatch, *, kept: bool) -> None:
    """Have the next commit get no answer, after it took place or before."""
    commit = engine.dialect.do_commit

    def lose(connection: psycopg.Connection) -> None:
        monkeypatch.setattr(engine.dialect, "do_commit", commit)
        if kept:
            commit(connection)
        connection.driver_connection.close()  # type: ignore[attr-defined]  # the pool's wrapper
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(engine.dialect, "do_commit", lose)


@pytest.mark.row("B8")
def test_a_unit_whose_connection_ends_is_done_again_as_a_whole(shared: Database) -> None:
    """The first attempt leaves nothing, the second makes the change; a reader that begins afterwards is answered."""
    tries = []

    def work(unit: Unit) -> int:
        found = count(unit)
        unit.session.flush()
        tries.append(found)
        if len(tries) == 1:
            cut(shared)
        return found

    assert shared.run(SYSTEM, work) == 1
    assert tries == [1, 1]
    cut(shared)
    assert counted(shared) == 1


@pytest.mark.row("B8")
@pytest.mark.parametrize("kept", [True, False])
def test_a_commit_without_an_answer_is_looked_up(shared: Database, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """Whether it took place or not: the change is made once, and what follows a commit runs once."""
    after: list[str] = []

    def work(unit: Unit) -> int:
        unit.after_commit.append(lambda: after.append("told"))
        return count(unit)

    shared.is_alive()
    losing(shared.engine, monkeypatch, kept=kept)
    assert shared.run(SYSTEM, work) == 1
    assert counted(shared) == 1
    assert after == ["told"]


@pytest.mark.row("B8")
def test_a_commit_that_still_runs_elsewhere_is_waited_for(shared: Database) -> None:
    """The one who looks waits for a transaction that holds the mark; a mark that it claimed itself ends a late one."""
    marks = Marks(shared.engine, CommitMark, Outage(shared.engine, 5.0))
    row = text("INSERT INTO commit_marks (id, at, kept) VALUES (:id, now(), true)")
    with shared.engine.connect() as late, ThreadPoolExecutor(1) as looking:
        late.execute(row, {"id": "slow"})
        found = looking.submit(marks.was_kept, "slow")
        with pytest.raises(TimeoutError):
            found.result(0.2)
        late.commit()
        assert found.result(5) is True
        assert marks.was_kept("never") is False
        with pytest.raises(DBAPIError):
            late.execute(row, {"id": "never"})


@pytest.mark.row("B8")
def test_a_database_that_stays_away_is_said_so(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends: a commit that cannot be looked up is in doubt, and nothing is repeated."""
    marks = Marks(shared.engine, CommitMark, Outage(shared.engine, 0.0))

    def away() -> None:
        raise psycopg.OperationalError("connection refused")

    shared.is_alive()
    shared.dispose()
    monkeypatch.setattr(shared.engine.pool, "_creator", away)
    with pytest.raises(CommitInDoubtError):
        marks.was_kept("one")


@pytest.mark.row("B8")
def test_a_reader_whose_connection_ends_is_told_that_the_database_is_away(shared: Database) -> None:
    """What was half read is not shown: the refusal is the one of a database that is not available, HTTP 503."""

    def read() -> None:
        with shared.read(SYSTEM) as unit:
            unit.session.execute(text("SELECT 1"))
            cut(shared)
            unit.session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailableError):
        read()
