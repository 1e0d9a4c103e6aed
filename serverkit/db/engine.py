"""Engines: SQLite that loses nothing it acknowledged, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from serverkit.errors import SettingsError

OLDEST_SQLITE = (3, 37, 0)
_HEADER, _LARGEST_PAGE = 100, 65536
_LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A machine that is gone is noticed in seconds; the address of the database may say otherwise."""


def make_engine(where: str | Path, busy_seconds: float = 30.0) -> Engine:
    """An engine for a database's address, or for the file of an embedded one; SettingsError when it cannot be one.

    A file's path is a path: no letter of it is read as a part of an address.

    What is written is in no error, and so in no log: it may be a secret, or a person's words.
    """
    if isinstance(where, Path):
        return _sqlite(URL.create("sqlite", database=str(where.absolute())), busy_seconds)
    try:
        parsed = make_url(where)
    except (ArgumentError, ValueError) as error:
        raise SettingsError("database.url is not an address of a database") from error
    if parsed.get_backend_name() == "sqlite":
        if parsed.query or not parsed.database or parsed.database == ":memory:":
            raise SettingsError(
                "database.url: an embedded database is a file, sqlite:////path/to/file, without options"
            )
        return _sqlite(parsed, busy_seconds)
    if parsed.get_backend_name() == "postgresql":
        plain = parsed.set(drivername="postgresql+psycopg")
        pool = {"pool_pre_ping": True, "pool_size": 16, "max_overflow": 16}
        # No column is an hstore: no one asks each time whether the server knows them.
        kind = {"isolation_level": "REPEATABLE READ", "use_native_hstore": False}
        found = {name: value for name, value in _LINE.items() if name not in parsed.query}
        return create_engine(plain, hide_parameters=True, connect_args=found, **kind, **pool)
    try:
        parsed.get_dialect()
    except NoSuchModuleError as error:
        raise SettingsError("database.url names an unknown kind of database") from error
    raise SettingsError("database.url: sqlite and postgresql are supported")


def database_file(engine: Engine) -> Path | None:
    """The file of an embedded database; None for one behind a server or in memory."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name and name != ":memory:" else None


def is_cut(file: Path) -> bool:
    """Whether the file of an embedded database is shorter than its own header says: one that was vacuumed is not."""
    with file.open("rb") as opened:
        header = opened.read(_HEADER)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    return len(header) < _HEADER or file.stat().st_size < pages * (page if page > 1 else _LARGEST_PAGE)


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise SettingsError("SQLite {sqlite_version} is too old", sqlite_version=sqlite3.sqlite_version)
    options = {"timeout": busy_seconds, "check_same_thread": False}
    engine = create_engine(url, connect_args=options, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: every write begins IMMEDIATE, see serverkit.db.unit.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        kind = "IMMEDIATE" if connection.get_execution_options().get("perigee_write") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine
