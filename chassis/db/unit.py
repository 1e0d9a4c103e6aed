"""The unit of work: one transaction, one "now", one actor; opened at the edge and committed there once."""

from __future__ import annotations

import fcntl
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from time import sleep
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.actor import Actor
from chassis.db.timekeeper import Timekeeper
from chassis.errors import DatabaseBusyError
from chassis.licence_time import Reading

T = TypeVar("T")
DatabaseFailure = SQLAlchemyError
"""What a database raises; for edges, which know no database library."""

RETRIES = 8
_RETRYABLE = {"40001", "40P01"}


@dataclass
class Unit:
    """What a service gets: the session, the time, and who acts.

    `now` is the present, for what begins, is noted or is planned; what ends is judged by `licence_now`.
    """

    session: Session
    now: datetime
    actor: Actor
    writing: bool
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    reading: Reading | None = None
    keeper: Timekeeper | None = None

    @property
    def licence_now(self) -> datetime:
        """Licence time, by which endings are judged; it stands still while the clock is not believed."""
        return self.reading.licence_now if self.reading is not None else self.now

    @property
    def may_end(self) -> bool:
        """Whether time may bring endings about now; jobs that end things ask this first."""
        return self.reading is None or self.reading.may_end

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone by itself when it raises; the unit goes on."""
        with self.session.begin_nested():
            yield


def is_retryable(error: DBAPIError) -> bool:
    """Whether the database asks for the same work again: rivals met, nothing is wrong."""
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE


class Database:
    """Opens units of work on one engine."""

    def __init__(self, engine: Engine, clock: Timekeeper, lock_file: Path | None) -> None:
        """`lock_file` guards every write and checkpoint of SQLite; PostgreSQL needs none."""
        self.engine = engine
        self.clock = clock
        self._lock_file = lock_file if engine.dialect.name == "sqlite" else None
        self._thread_lock = RLock()
        self._writer = engine.execution_options(perigee_write=True)

    @contextmanager
    def write(self, actor: Actor) -> Iterator[Unit]:
        """A unit that may change things: committed when the block ends, rolled back when it raises."""
        with self._exclusive():
            unit = self._unit(Session(self._writer, expire_on_commit=False), actor, writing=True)
            try:
                yield unit
                unit.session.commit()
            except OperationalError as error:
                unit.session.rollback()
                if "locked" in str(error.orig):
                    raise DatabaseBusyError("the database did not come free in time") from error
                raise
            except BaseException:
                unit.session.rollback()
                raise
            finally:
                unit.session.close()
            self.clock.keep()
        for action in unit.after_commit:
            action()

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Unit]:
        """A unit that only looks: one consistent snapshot, nothing is ever committed."""
        session = Session(self.engine, expire_on_commit=False)
        try:
            yield self._unit(session, actor, writing=False)
        finally:
            session.rollback()
            session.close()

    def run(self, actor: Actor, work: Callable[[Unit], T]) -> T:
        """Do a piece of work in a write unit, again where the database asks for it."""
        for attempt in range(RETRIES):
            try:
                with self.write(actor) as unit:
                    return work(unit)
            except DBAPIError as error:
                if not is_retryable(error) or attempt == RETRIES - 1:
                    raise
                sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreads rivals, guards nothing
        raise DatabaseBusyError

    def _unit(self, session: Session, actor: Actor, *, writing: bool) -> Unit:
        reading = self.clock.read()
        return Unit(session, reading.now, actor, writing=writing, reading=reading, keeper=self.clock)

    def keep_time(self) -> None:
        """Write down how far licence time came, by itself."""
        with self._exclusive():
            self.clock.read()
            self.clock.keep(always=True)

    def is_alive(self) -> bool:
        """Say whether the database answers."""
        with self.engine.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._lock_file is None:
            yield
            return
        turn = self._lock_file.with_suffix(".turn")
        with self._thread_lock, turn.open("a") as door, self._lock_file.open("a") as handle:
            # Whoever waits for the lock holds the door: the one who just had it cannot come in again before.
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(handle, fcntl.LOCK_EX)
            fcntl.flock(door, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def kept(database: Database) -> Iterator[None]:
    """Around a change of the clock: licence time is written down before it and after it."""
    database.keep_time()
    yield
    database.keep_time()
