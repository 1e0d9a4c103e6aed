"""Migrations: a copy first, then step by step; a failure puts the copy back.

Every command looks at the database's revision when it starts, so that look needs neither Alembic nor the scripts: a
script's file name begins with its revision, and revisions sort.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.exc import DBAPIError

from serverkit.db.base import kept_on
from serverkit.db.engine import database_file, make_engine
from serverkit.errors import AppError, DatabaseGuardError, DatabaseMissingError, Remedy
from serverkit.locks import Lock, on_database
from serverkit.owner import make_file
from serverkit.storage import of_database

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

REVISION_TABLE = "alembic_version"
_FINDS_TABLE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = :name",
    "postgresql": "SELECT to_regclass(:name)",
}


class SchemaError(AppError):
    """The refusal `schema_mismatch`."""

    code = "schema_mismatch"
    message = "The database has another schema version than this program."
    remedy = Remedy(
        "Run the `upgrade` command of the newer program; an older program needs the copy from before the upgrade.",
        page="troubleshooting.md#the-server",
    )
    status = 500


def _config(folder: Path, connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def run_environment(metadata: MetaData) -> None:
    """The body of a server's `env.py`: migrate on the connection that the caller brings."""
    from alembic import context

    connection = context.config.attributes.get("connection")
    if connection is None:
        raise SchemaError("migrations run through the program's own commands only")

    def belongs(thing: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        return kind != "index" or reflected or kept_on(connection.dialect.name, thing)

    context.configure(
        connection=connection,
        include_object=belongs,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
        on_version_apply=_check_references,
    )
    with context.begin_transaction():
        context.run_migrations()


def _check_references(ctx: MigrationContext, step: Any, heads: Any, run_args: Any) -> None:
    """After each step: every row that is named is there. What is wrong ends the step, not a later one."""
    del step, heads, run_args
    connection = ctx.connection
    if connection is None:
        return
    if connection.dialect.name == "sqlite":
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise SchemaError("a step of the migration left rows that name rows which are gone")
        return
    # PostgreSQL refuses to change a table while checks of its rows are put off.
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def head(folder: Path) -> str | None:
    """The newest revision that this program knows."""
    return max((path.name.split("_")[0] for path in (folder / "versions").glob("[0-9]*_*.py")), default=None)


@contextmanager
def _disk_is_named(engine: Engine) -> Iterator[None]:
    """A disk that is full or read-only is a refusal that says so, not a database that is missing."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        refusal = of_database(cause, database_file(engine)) if cause is not None else None
        if refusal is None or isinstance(refusal, DatabaseGuardError):
            raise
        raise refusal from error


def current(engine: Engine) -> str | None:
    """The revision that the database is at."""
    # Every command comes by here first.
    with _disk_is_named(engine), engine.connect() as connection:
        # Asked of the database itself: reflection takes ten times as long, and every command comes by here.
        if connection.scalar(text(_FINDS_TABLE[connection.dialect.name]), {"name": REVISION_TABLE}) is None:
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {REVISION_TABLE}"))  # noqa: S608 - a constant
        return found


def upgrade(engine: Engine, folder: Path) -> None:
    """Migrate the database to the newest revision; SQLite is copied first and restored on failure."""
    if (file := database_file(engine)) is not None:
        make_file(file)  # before the library makes it, for anyone who may read it
    with _disk_is_named(engine), on_database(engine, Lock.UPGRADING):
        if current(engine) != head(folder):
            _upgrade(engine, folder)


def _upgrade(engine: Engine, folder: Path) -> None:
    from alembic import command

    copy = _copy_of(engine)
    try:
        with engine.execution_options(perigee_write=True).connect() as connection, _unguarded(connection):
            command.upgrade(_config(folder, connection), "head")
            connection.commit()
    except Exception:
        if copy is not None:
            engine.dispose()
            _restore_copy(engine, copy)
        raise


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    """On SQLite, take foreign keys off for the transaction that follows.

    SQLite changes most of a table by rebuilding it. With foreign keys on, dropping the old one counts as the removal of
    every row that others name, and the commit fails. Each step is checked as a whole instead.
    """
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.cursor().execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would do nothing
    try:
        yield
    finally:
        connection.rollback()
        driver.cursor().execute("PRAGMA foreign_keys=ON")


def check(engine: Engine, folder: Path) -> None:
    """Refuse a database of another revision."""
    found, wanted = require(engine), head(folder)
    if found != wanted:
        raise SchemaError(
            "the database is at revision {found}, this program works with {wanted}", found=found, wanted=wanted
        )


def require(engine: Engine) -> str:
    """The revision; refuse where there is no database at all, an empty one is never made in its place."""
    path = database_file(engine)
    if path is not None and not path.is_file():
        raise DatabaseMissingError("there is no {name} in this home", name=path.name[:80])
    found = current(engine)
    if found is None:
        raise DatabaseMissingError("the database is empty")
    return found


def row_counts(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with engine.connect() as connection:
        return _row_counts(connection)


def _row_counts(connection: Connection) -> dict[str, int]:
    from sqlalchemy import inspect  # what it imports is needed by nothing else at the start of a command

    names = sorted(set(inspect(connection).get_table_names()) - {REVISION_TABLE})
    quote = connection.dialect.identifier_preparer.quote
    return {name: connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) or 0 for name in names}  # noqa: S608 - names of tables


def compared(before: dict[str, int], after: dict[str, int]) -> list[dict[str, Any]]:
    """The rows of each table before and after; None where there is no such table."""
    names = sorted(before.keys() | after.keys())
    return [{"table": name, "before": before.get(name), "after": after.get(name)} for name in names]


def rehearse(engine: Engine, folder: Path) -> dict[str, Any]:
    """What `upgrade` would do, with the rows of each table before and after; nothing is kept of it.

    An embedded database is migrated in a copy beside it; another one in a transaction that is rolled back.
    """
    require(engine)
    if database_file(engine) is None:
        with engine.execution_options(perigee_write=True).connect() as connection:
            return _rehearsed(connection, engine, folder)
    with _disk_is_named(engine):
        copy = _copy_of(engine, ".rehearsal")
    if copy is None:  # `require` refuses it
        raise DatabaseMissingError
    scratch = make_engine(copy)
    try:
        with (
            _disk_is_named(scratch),
            scratch.execution_options(perigee_write=True).connect() as connection,
            _unguarded(connection),
        ):
            return _rehearsed(connection, scratch, folder)
    finally:
        scratch.dispose()
        for suffix in ("", "-wal", "-shm"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)


def _rehearsed(connection: Connection, engine: Engine, folder: Path) -> dict[str, Any]:
    from alembic import command

    before = _row_counts(connection)
    found = {"before": current(engine), "now": head(folder)}
    command.upgrade(_config(folder, connection), "head")
    rows = compared(before, _row_counts(connection))
    connection.rollback()
    return {**found, "rows": rows}


def differences(engine: Engine, folder: Path) -> None:
    """Raise where the models and the migrated database differ (for tests)."""
    from alembic import command

    with engine.connect() as connection:
        command.check(_config(folder, connection))


def _copy_of(engine: Engine, suffix: str = ".before-upgrade") -> Path | None:
    path = database_file(engine)
    if path is None or current(engine) is None:
        return None
    copy = path.with_name(path.name + suffix)
    copy.unlink(missing_ok=True)
    make_file(copy)
    connection = sqlite3.connect(path)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
    except BaseException:
        copy.unlink(missing_ok=True)  # half a copy is none
        raise
    finally:
        connection.close()
    return copy


def _restore_copy(engine: Engine, copy: Path) -> None:
    path = database_file(engine)
    if path is None:
        return
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    copy.replace(path)  # it needs no room, and a power cut leaves one of them whole
