"""Writing many rows at once, new or known, on either database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

T = TypeVar("T")
# SQLite takes at most 32,766 variables a statement; 500 rows of 40 columns stay well below.
BATCH = 500


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `size`."""
    source = iter(rows)
    while piece := list(islice(source, size)):
        yield piece


def upsert(
    session: Session, model: type[DeclarativeBase], rows: Sequence[dict[str, Any]], *, keep: bool = False
) -> None:
    """Insert rows by primary key; known ones are replaced, or left as they are where `keep` is set."""
    if not rows:
        return
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError("a mapped table is needed")
    keys = [column.name for column in table.primary_key.columns]
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if keep or not others:
        session.execute(statement.on_conflict_do_nothing(index_elements=keys), rows)
    else:
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)
