"""Prepares many rows before the write lock is taken, so that the lock is held only while they are written.

What waits is in a nameless file beyond some megabytes. It holds ready values only, and ends with the process: a crash
before the writing leaves nothing behind.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from serverkit.db.upsert import Prepared, ready_columns
from serverkit.storage import of_file

MEMORY = 8 * 1024 * 1024
Rows = list[tuple[Any, ...]]


class Bulk:
    """Rows for some statements, in the order in which they were put."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._statements: list[Prepared] = []
        self._pieces: list[int] = []
        self._spool = tempfile.SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - closed by close

    def put(self, statement: Prepared, columns: Mapping[str, Sequence[Any]]) -> None:
        """Prepare rows, given column by column, and keep them."""
        if not columns[statement.order[0]]:
            return
        if statement not in self._statements:
            self._statements.append(statement)
        self._pieces.append(self._statements.index(statement))
        try:
            pickle.dump(ready_columns(statement, columns).rows, self._spool, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise of_file(error, "the temporary file for what waits") from error

    def send(self, connection: Connection, change: Callable[[Prepared, Rows], Rows]) -> None:
        """Write all of them; `change` may fill in what only the writing transaction knows. May be done again."""
        for statement, rows in self._waiting():
            statement.send(connection, change(statement, rows))

    def _waiting(self) -> Iterator[tuple[Prepared, Rows]]:
        self._spool.seek(0)
        for place in self._pieces:
            yield self._statements[place], pickle.load(self._spool)  # noqa: S301 - written above, by this process

    def close(self) -> None:
        """Throw what waits away."""
        self._spool.close()
