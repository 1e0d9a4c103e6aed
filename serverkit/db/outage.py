"""A database behind a server that goes away for a while: a fail-over to another one, a restart, a cut line.

What begins waits until it is back, for a bounded time. What had begun is undone with its connection, so it is begun
again as a whole. A commit that got no answer is in doubt: its mark, a row that the same transaction wrote, is claimed by
another transaction. Where the mark is there, the commit took place; where it was not, it never can.
"""

from __future__ import annotations

import random
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, event, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from serverkit.db.base import CommitMarkMixin
from serverkit.db.upsert import table_of
from serverkit.errors import CommitInDoubtError
from serverkit.ids import new_id
from serverkit.log import get_logger

_ENDED = {"57P01", "57P02", "57P03"}
_STANDBY = "25006"
"""A connection to a server that meanwhile only reads: another one took its place."""
KEPT = "INTERVAL '1 hour'"
"""For how long a mark stays; far longer than anyone waits."""
_WROTE = "perigee_wrote"
_ONLY_LOOK = ("SELECT", "LOCK", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SHOW")


def is_lost(error: DBAPIError) -> bool:
    """Whether a database behind a server went away, or cannot be reached; never for an embedded one."""
    if not type(error.orig).__module__.startswith("psycopg"):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"}
    return error.connection_invalidated or state in _ENDED or state == _STANDBY or state.startswith("08")


def watch_writes(engine: Engine) -> None:
    """Note which transactions changed a row: only these have a commit that can be in doubt."""

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.info[_WROTE] = False

    @event.listens_for(engine, "after_cursor_execute")
    def _done(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if cursor.rowcount and not statement.startswith(_ONLY_LOOK):
            connection.info[_WROTE] = True


class Outage:
    """What one process knows of the database's absence, and for how long it waits."""

    def __init__(self, engine: Engine, patience: float) -> None:
        """`patience` seconds are waited from the first failure on, by all threads together; then everyone fails at once."""
        self._engine = engine
        self._patience = patience
        self._behind_server = engine.dialect.name != "sqlite"
        self._reached = False
        self._since: float | None = None

    def reach(self, session: Session) -> None:
        """Have a session connected; waits while the database is away, unless it was never there."""
        while self._behind_server:
            try:
                session.connection()
            except DBAPIError as error:
                session.rollback()
                if not is_lost(error) or not self.wait():
                    raise
                continue
            # Other threads wait and come back at the same time: each looks at one value of its own.
            since, self._since = self._since, None
            self._reached = True
            if since is not None:
                get_logger().warning("database_back", after_seconds=round(monotonic() - since, 1))
            return

    def wait(self) -> bool:
        """Wait a moment before the next attempt; False where it has lasted too long, or nothing was reached yet."""
        if not self._reached:
            return False
        now, since = monotonic(), self._since
        if since is None:
            since = self._since = now
            get_logger().warning("database_away")
            self._engine.dispose()  # no other connection leads to where the database is now
        if now - since >= self._patience:
            return False
        sleep(random.uniform(0.1, 0.4))  # noqa: S311 - spreads those who wait, guards nothing
        return True


class Marks:
    """Marks of commits: `put` before a commit, `was_kept` when it got no answer."""

    def __init__(self, engine: Engine, model: type[CommitMarkMixin] | None, outage: Outage) -> None:
        """Without a `model`, and for an embedded database, no commit is marked."""
        self._engine = engine
        self._table = table_of(model) if model is not None and engine.dialect.name != "sqlite" else None
        self._outage = outage

    def put(self, session: Session) -> str | None:
        """Mark the commit that follows; None where nothing was changed, or nothing is marked."""
        if self._table is None:
            return None
        session.flush()
        connection = session.connection()
        if not connection.info.get(_WROTE):
            return None
        mark = new_id()
        connection.execute(self._table.insert().values(id=mark, at=func.now(), kept=True))
        return mark

    def forget(self, session: Session) -> None:
        """Delete marks that no one can look up any more, by the one clock of the database."""
        if self._table is not None:
            session.execute(self._table.delete().where(self._table.c.at < func.now() - text(KEPT)))

    def was_kept(self, mark: str) -> bool:
        """Whether the marked commit took place. False means that it never will; CommitInDoubtError.

        The claim waits for a transaction that still holds the mark, and writes in any case: so its own acknowledgement
        says that what it saw is as safe as what it wrote.
        """
        if self._table is None:
            raise RuntimeError("no commit was marked")
        claim = insert(self._table).values(id=mark, at=func.now(), kept=False)
        claim = claim.on_conflict_do_update(index_elements=[self._table.c.id], set_={"at": claim.excluded.at})
        while True:
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    kept = bool(connection.execute(claim.returning(self._table.c.kept)).scalar_one())
            except DBAPIError as error:
                if not is_lost(error) or not self._outage.wait():
                    raise CommitInDoubtError from error
                continue
            get_logger().warning("commit_looked_up", kept=kept)
            return kept
