"""Writing many rows at once, new or known, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Dialect, Insert, Table, bindparam, delete, insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeEngine

T = TypeVar("T")
# A list of so many keys stays well below the 32,766 variables that SQLite takes in a statement, pairs included.
BATCH = 2000
# A table is written with few sets of columns: each statement is compiled once for a database.
KEPT_STATEMENTS = 500


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `size`."""
    source = iter(rows)
    while piece := list(islice(source, size)):
        yield piece


def upsert(
    session: Session, model: type[DeclarativeBase], rows: Sequence[dict[str, Any]], *, keep: bool = False
) -> None:
    """Insert rows by primary key; known ones are replaced, or left as they are where `keep` is set."""
    if rows:
        make_ready(upserting(session, model, [*rows[0]], keep=keep), rows).send(session.connection())


def insert_rows(session: Session, model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are new, as plain rows: no object of theirs enters the session."""
    if rows:
        make_ready(inserting(session, model, [*rows[0]]), rows).send(session.connection())


def insert_columns(session: Session, model: type[Any], columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows that are new, told column by column."""
    ready_columns(inserting(session, model, [*columns]), columns).send(session.connection())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement of a database, the order of its values, and what makes each of them ready."""

    text: str
    order: tuple[str, ...]
    processors: tuple[Callable[[Any], Any] | None, ...]
    positional: bool

    def send(self, connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        """Execute it for many rows of ready values."""
        if self.positional:
            connection.exec_driver_sql(self.text, rows)
        else:
            connection.exec_driver_sql(self.text, [dict(zip(self.order, values, strict=True)) for values in rows])


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows for a statement, each value made ready by its column's type."""

    statement: Prepared
    rows: list[tuple[Any, ...]]

    def send(self, connection: Connection) -> None:
        """Send them."""
        self.statement.send(connection, self.rows)


def upserting(session: Session, model: type[Any], names: Sequence[str], *, keep: bool = False) -> Prepared:
    """What inserts rows by primary key, and replaces known ones or leaves them."""
    return _upserting(session.get_bind().dialect, table_of(model), tuple(names), keep=keep)


def inserting(session: Session, model: type[Any], names: Sequence[str]) -> Prepared:
    """What inserts rows that are new."""
    return _inserting(session.get_bind().dialect, table_of(model), tuple(names))


def deleting(session: Session, model: type[Any]) -> Prepared:
    """What deletes rows by primary key."""
    return _deleting(session.get_bind().dialect, table_of(model))


@lru_cache(maxsize=KEPT_STATEMENTS)
def _upserting(dialect: Dialect, table: Table, names: tuple[str, ...], *, keep: bool) -> Prepared:
    keys = [column.name for column in table.primary_key.columns]
    # Only the database in use is imported: each takes a tenth of a second.
    statement = import_module(f"sqlalchemy.dialects.{dialect.name}").insert(table)
    others = {name: statement.excluded[name] for name in names if name not in keys}
    if keep or not others:
        return _prepared(dialect, statement.on_conflict_do_nothing(index_elements=keys), table, names)
    return _prepared(dialect, statement.on_conflict_do_update(index_elements=keys, set_=others), table, names)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _inserting(dialect: Dialect, table: Table, names: tuple[str, ...]) -> Prepared:
    return _prepared(dialect, insert(table), table, names)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _deleting(dialect: Dialect, table: Table) -> Prepared:
    keys = list(table.primary_key.columns)
    statement = delete(table).where(*(column == bindparam(column.name) for column in keys))
    return _prepared(dialect, statement, table, [column.name for column in keys])


def _prepared(dialect: Dialect, statement: Insert | Delete, table: Table, names: Sequence[str]) -> Prepared:
    if isinstance(statement, Insert):
        statement = statement.values({name: bindparam(name) for name in names})
    compiled = statement.compile(dialect=dialect)
    order = tuple(name for name in compiled.positiontup or names if name in names)
    processors = tuple(_processor(table.c[name].type, dialect) for name in order)
    return Prepared(str(compiled), order, processors, bool(compiled.positional))


def make_ready(statement: Prepared, rows: Sequence[dict[str, Any]]) -> Ready:
    """Make rows ready."""
    order = statement.order
    turned = [*zip(*map(itemgetter(*order, order[0]), rows), strict=True)][:-1]
    return ready_columns(statement, dict(zip(order, turned, strict=True)))


def ready_columns(statement: Prepared, columns: Mapping[str, Sequence[Any]]) -> Ready:
    """Make rows ready, column by column, so that values which need nothing are not touched one by one."""
    ready = [
        columns[name] if make is None else _made(make, columns[name])
        for name, make in zip(statement.order, statement.processors, strict=True)
    ]
    return Ready(statement, [*zip(*ready, strict=True)])


def _made(make: Callable[[Any], Any], values: Sequence[Any]) -> Iterable[Any]:
    if not isinstance(values[0], datetime):
        return map(make, values)
    # Few times are alone: what was registered or told together has one.
    found = {value: make(value) for value in {*values}}
    return map(found.__getitem__, values)


def _processor(of: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return of.dialect_impl(dialect).bind_processor(dialect)


@contextmanager
def enlarged_cache(session: Session, megabytes: int = 48) -> Iterator[None]:
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
    """Expire the session's objects of a table whose rows were changed by plain statements."""
    for row in list(session.identity_map.values()):
        if isinstance(row, model):
            session.expire(row)
