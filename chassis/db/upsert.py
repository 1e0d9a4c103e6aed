"""Writing many rows at once, new or known, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Dialect, Insert, Table, bindparam, insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeEngine

T = TypeVar("T")
# A list of so many keys stays well below the 32,766 variables that SQLite takes in a statement, pairs included.
BATCH = 2000


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
    table = table_of(model)
    keys = [column.name for column in table.primary_key.columns]
    # Only the database in use is imported: each takes a tenth of a second.
    make = import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}").insert
    statement = make(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if keep or not others:
        _execute_many(session, statement.on_conflict_do_nothing(index_elements=keys), table, rows)
    else:
        _execute_many(session, statement.on_conflict_do_update(index_elements=keys, set_=others), table, rows)


def insert_rows(session: Session, model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are new, as plain rows: no object of theirs enters the session."""
    if rows:
        table = table_of(model)
        _execute_many(session, insert(table), table, rows)


def _execute_many(session: Session, statement: Insert, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Send one statement with many rows, each value made ready by its column's type and by nothing else."""
    connection, names = session.connection(), list(rows[0])
    compiled = statement.values({name: bindparam(name) for name in names}).compile(dialect=connection.dialect)
    order = [name for name in compiled.positiontup or names if name in rows[0]]
    # Column by column, so that the values which need nothing are not touched one by one.
    columns: list[Iterable[Any]] = []
    columns += [*zip(*map(itemgetter(*order, order[0]), rows), strict=True)][:-1]
    for at, name in enumerate(order):
        make = _processor(table.c[name].type, connection.dialect)
        if make is not None:
            columns[at] = _made(make, columns[at])
    ready = zip(*columns, strict=True)
    if compiled.positional:
        connection.exec_driver_sql(str(compiled), list(ready))
    else:
        connection.exec_driver_sql(str(compiled), [dict(zip(order, values, strict=True)) for values in ready])


def _made(make: Callable[[Any], Any], column: Iterable[Any]) -> Iterable[Any]:
    values = list(column)
    if not isinstance(values[0], datetime):
        return map(make, values)
    # Few times are alone: what was registered or told together has one.
    found = {value: make(value) for value in {*values}}
    return map(found.__getitem__, values)


def _processor(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return of.dialect_impl(dialect).bind_processor(dialect)


@contextmanager
def roomy(session: Session, megabytes: int = 48) -> Iterator[None]:
    """Let SQLite keep more pages in memory while a great many rows are written in no order of their keys."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{megabytes * 1024}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={usual}")


def table_of(model: type[Any]) -> Table:
    """The table of a mapped class."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError("a mapped table is needed")
    return table


def forget(session: Session, model: type[Any]) -> None:
    """Have the objects of a table that the session holds read anew: plain statements have changed its rows."""
    for row in list(session.identity_map.values()):
        if isinstance(row, model):
            session.expire(row)
