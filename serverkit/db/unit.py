"""The unit of work: one transaction, one "now", one actor; opened at the edge and committed there once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from serverkit.actor import Actor
from serverkit.db.base import CommitMarkMixin
from serverkit.db.engine import database_file, is_cut
from serverkit.db.outage import Marks, Outage, is_lost, watch_writes
from serverkit.db.timekeeper import Timekeeper
from serverkit.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseGuardError,
    DatabaseMissingError,
    DatabaseUnavailableError,
)
from serverkit.faults import crash_point
from serverkit.licence_time import Reading
from serverkit.locks import Lock, turn, writing
from serverkit.log import get_logger
from serverkit.storage import end_if_unsure, of_database

T = TypeVar("T")
DatabaseFailure = SQLAlchemyError
"""What a database raises; for edges, which know no database library."""

RETRIES = 8
BEFORE_TURN = 3
"""A unit that lost so often to others takes its turn with device messages: a long one would lose to short ones again and again."""
_RETRYABLE = {"40001", "40P01"}


@dataclass
class Unit:
    """What a service gets: the session, the time, and who acts.

    `now` is the present, for what begins, is noted or is planned; what ends is judged by `licence_now`. `touched` names
    what the server settles before the commit, such as the accounts whose alerts a change may have made untrue. `features`
    are the parts of the server, by name, that its settings turned on and rules ask for.
    """

    session: Session
    now: datetime
    actor: Actor
    writing: bool
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    reading: Reading | None = None
    keeper: Timekeeper | None = None
    features: frozenset[str] = frozenset()

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
    """Whether the database asks for a retry because of concurrent changes."""
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE


class Database:
    """Opens units of work on one engine."""

    def __init__(
        self,
        engine: Engine,
        clock: Timekeeper,
        lock_file: Path | None,
        marks: type[CommitMarkMixin] | None = None,
        patience: float = 0.0,
    ) -> None:
        """`lock_file` guards every write and checkpoint of SQLite; PostgreSQL needs none.

        Without `marks` no commit that got no answer is looked up; `patience` is how many seconds PostgreSQL may be away.
        """
        self.engine = engine
        self.clock = clock
        self.outage = Outage(engine, patience)
        self._marks = Marks(engine, marks, self.outage)
        if engine.dialect.name != "sqlite":
            watch_writes(engine)
        self._lock_file = lock_file if engine.dialect.name == "sqlite" else None
        self._file = database_file(engine)
        self._patience = patience
        self._seen: tuple[int, int, int] | None = None
        self._told = False
        self.settle: Callable[[Unit], None] | None = None
        """What is done with what a unit touched, before its commit."""
        self.features: frozenset[str] = frozenset()
        """Handed to every unit."""
        self._thread_lock = RLock()
        self._writer = engine.execution_options(perigee_write=True)

    @contextmanager
    def write(self, actor: Actor) -> Iterator[Unit]:
        """A unit that may change things: committed when the block ends, rolled back when it raises."""
        with self._exclusive():
            session = Session(self._writer, expire_on_commit=False)
            try:
                self.outage.reach(session)
                unit = self._unit(session, actor, writing=True)
                yield unit
                if unit.touched and self.settle is not None:
                    self.settle(unit)
                crash_point("before_commit")
                self._commit(session)
            except DBAPIError as error:
                with suppress(SQLAlchemyError):
                    session.rollback()
                self._refuse(error)
                raise
            except BaseException:
                with suppress(SQLAlchemyError):
                    session.rollback()
                raise
            finally:
                with suppress(DBAPIError):
                    session.close()
            self._keep_mark()
        crash_point("after_commit")
        for action in unit.after_commit:
            action()

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Unit]:
        """A unit that only looks: one consistent snapshot, nothing is ever committed."""
        self._follow_file()
        session = Session(self.engine, expire_on_commit=False)
        try:
            self.outage.reach(session)
            yield self._unit(session, actor, writing=False)
        except DBAPIError as error:
            self._refuse(error)
            if is_lost(error):
                raise DatabaseUnavailableError from error
            raise
        finally:
            with suppress(DBAPIError):
                session.rollback()
            session.close()

    def run(self, actor: Actor, work: Callable[[Unit], T]) -> T:
        """Do a piece of work in a write unit; again as a whole where the database asks for it or went away."""
        attempt, lost_at = 0, None
        while True:
            try:
                with self.write(actor) as unit:
                    if attempt >= BEFORE_TURN:
                        turn(unit.session, Lock.DEVICES)
                    return work(unit)
            except DatabaseGuardError:
                # Concurrent units passed the same check: the retry sees what the first attempt could not.
                if attempt or self._lock_file is not None:
                    raise
                attempt += 1
            except DBAPIError as error:
                if is_lost(error):
                    lost_at = lost_at or monotonic()
                    if monotonic() - lost_at >= self._patience or not self.outage.wait():
                        raise DatabaseUnavailableError from error
                    continue
                if not is_retryable(error):
                    raise
                attempt += 1
                if attempt >= RETRIES:
                    raise DatabaseBusyError("too many change the same at once") from error
                sleep(random.uniform(0, 0.01 * 2 ** (attempt - 1)))  # noqa: S311 - spreads rivals, guards nothing

    def _commit(self, session: Session) -> None:
        mark = self._marks.put(session)
        try:
            session.commit()
        except DBAPIError as error:
            if mark is None or not is_lost(error):
                raise
            session.expunge_all()  # what was loaded stays readable for who gets the result
            if not self._marks.was_kept(mark):
                raise

    def _unit(self, session: Session, actor: Actor, *, writing: bool) -> Unit:
        reading = self.clock.read()
        return Unit(
            session, reading.now, actor, writing=writing, reading=reading, keeper=self.clock, features=self.features
        )

    def keep_time(self) -> None:
        """Store licence time."""
        with self._exclusive():
            try:
                self.clock.read()
                self.clock.keep(always=True)
            except DBAPIError as error:
                self._refuse(error)
                raise

    def forget_marks(self, unit: Unit) -> None:
        """Delete marks of commits that no one can look up any more."""
        self._marks.forget(unit.session)

    def is_alive(self) -> bool:
        """Say whether the database answers."""
        with self.engine.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _keep_mark(self) -> None:
        """Store licence time; what was committed before stays valid if the disk is full."""
        try:
            self.clock.keep()
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and is_retryable(error):
                return  # another process stores it at this moment
            cause = error.orig if isinstance(error, DBAPIError) else None
            refusal = of_database(cause, self._file) if cause is not None else None
            if refusal is not None:
                end_if_unsure(refusal)
            if not self._told:  # each second on a full disk, otherwise
                self._told = True
                get_logger().warning("clock_not_kept", cause=refusal.code if refusal else type(cause or error).__name__)
        else:
            self._told = False

    def _refuse(self, error: DBAPIError) -> None:
        """Raise the refusal that an error of the database stands for; a server whose disk is in doubt ends here."""
        refusal = of_database(error.orig, self._file) if error.orig is not None else None
        if refusal is not None:
            end_if_unsure(refusal)
            raise refusal from error

    def _follow_file(self) -> None:
        """Close a database file that was replaced while it was open: writes to it would be lost.

        DatabaseMissingError for one that was deleted: the system keeps it only as long as it is open.
        DatabaseDamagedError for one that was cut.
        """
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except FileNotFoundError:
            if self._seen is None:
                return  # it is about to be made
            raise DatabaseMissingError("{name} was deleted while it was open", name=self._file.name) from None
        seen = (found.st_dev, found.st_ino, found.st_size)
        if self._seen is not None and seen[:2] != self._seen[:2]:
            self.engine.dispose()
        elif self._seen is not None and seen < self._seen and is_cut(self._file):
            raise DatabaseDamagedError("{name} was cut while it was open", name=self._file.name)
        self._seen = seen

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._lock_file is None:
            yield
            return
        with self._thread_lock, writing(self._lock_file):
            self._follow_file()
            yield


@contextmanager
def kept(database: Database) -> Iterator[None]:
    """Around a change of the clock: licence time is written down before it and after it."""
    database.keep_time()
    yield
    database.keep_time()
