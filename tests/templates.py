"""Worlds that many tests start from are made once in a run and copied; statements are compiled once."""

from __future__ import annotations

import os
import select
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from exchange.trust import Trust
from tests.world import World


def share_compiled_statements() -> None:
    """Let all engines of this process share their compiled statements.

    Each command that a test runs in this process opens an engine of its own, and half of its time would go into
    compiling the same statements again. A key of the cache holds the dialect, so dialects of one kind are equal here.
    """
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind: Any = dialect
        kind.__eq__ = lambda one, other: type(one) is type(other)
        kind.__hash__ = lambda one: hash(type(one))
    shared: LRUCache[Any, Any] = LRUCache(3000)
    engine: Any = Engine
    engine._compiled_cache = property(lambda _: shared, lambda _, __: None)


def build_no_addresses() -> None:
    """Let rules be matched only: no server builds an address from its rules, and compiling that takes most of an application's start."""

    def refuse(*_: Any) -> Any:
        raise NotImplementedError("addresses are written, not built")

    Rule._compile_builder = lambda *_, **__: refuse  # type: ignore[method-assign]


def walk_each_chain_once() -> None:
    """Let all servers of this process share the chains of roots that were verified, by their bytes.

    A server reads its chain when it starts; a command that a test runs in this process starts one. The same bytes lead to
    the same trust, and what is refused is not kept.
    """
    restore = lru_cache(maxsize=64)(Trust.restore)
    Trust.restore = staticmethod(lambda data: restore(bytes(data)))  # type: ignore[assignment,method-assign]


def compile_each_template_once() -> None:
    """Let all consoles of this process share the compiled templates of pages.

    Each application compiles what it shows when it is first asked for it; nearly every test of pages makes an application.
    """
    compile_, compiled = Environment.compile, {}

    def compile_once(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *more: Any, **named: Any
    ) -> Any:
        if more or named or not isinstance(source, str):
            return compile_(self, source, name, filename, *more, **named)
        key = (source, name, filename, self.trim_blocks, self.lstrip_blocks, self.autoescape, self.finalize)
        if key not in compiled:
            compiled[key] = compile_(self, source, name, filename)
        return compiled[key]

    Environment.compile = compile_once  # type: ignore[method-assign,assignment]


class OpenConnections:
    """Connections to PostgreSQL that a command of this process has closed, for the next one on the same database.

    Each command opens an engine of its own; starting a process of the server for it, and having that one learn the tables
    again, takes longer than most commands. What a session holds, locks above all, is given up as by closing it.
    """

    def __init__(self) -> None:
        """None yet."""
        self._free: dict[str, list[Any]] = {}
        self._left: list[Any] = []

    def keep(self) -> None:
        """Let dialects of this process take connections from here, and return them."""
        kind: Any = PGDialect_psycopg
        connect, close, ask, known = kind.connect, kind.do_close, kind.initialize, {}

        def taken(dialect: Any, *words: Any, **options: Any) -> Any:
            key = repr((words, sorted((name, value) for name, value in options.items() if name != "context")))
            free = self._free.setdefault(key, [])
            while free:
                found = free.pop()
                if _is_usable(found):
                    return found
                found.close()
            made = connect(dialect, *words, **options)
            made.perigee_key = key
            return made

        def returned(dialect: Any, connection: Any) -> None:
            if _is_usable(connection) and _gave_up_all(connection):
                self._free[connection.perigee_key].append(connection)
            else:
                close(dialect, connection)

        def learnt(dialect: Any, connection: Any) -> None:
            if not known:
                before = dict(vars(dialect))
                ask(dialect, connection)
                known.update((name, value) for name, value in vars(dialect).items() if before.get(name) is not value)
            vars(dialect).update(known)

        kind.connect, kind.do_close, kind.initialize = taken, returned, learnt
        kind.do_terminate = close
        os.register_at_fork(after_in_child=self._leave)

    def close(self) -> None:
        """Close those that no one uses."""
        for free in self._free.values():
            while free:
                free.pop().close()

    def _leave(self) -> None:
        """In a child: they are the parent's."""
        self._left.append(self._free)
        self._free = {}


def _is_usable(connection: Any) -> bool:
    """Whether a connection is outside a transaction and its server has said nothing, such as a farewell."""
    if connection.closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    return not waiting.poll(0)


def _gave_up_all(connection: Any) -> bool:
    return bool(connection.pgconn.exec_(b"SELECT pg_advisory_unlock_all()").status == ExecStatus.TUPLES_OK)


@dataclass
class Templates:
    """Folders with a world each, by name and database; `copy` fills an empty one from it."""

    folder: Path
    new_database: Callable[..., str]
    _made: set[Path] = field(default_factory=set)

    def copy(self, name: str, world: World) -> None:
        """Fill an empty world: `vendor` has a central, `site` a satellite too."""
        assert not (world.folder / "central").exists(), "a world is copied into an empty folder only"
        made = self._template(name, on_postgresql=world.new_database is not None)
        shutil.copytree(made, world.folder, dirs_exist_ok=True)
        if world.new_database is not None:
            for home in ("central", "satellite"):
                _copy_database(world.folder / home / "config.toml", world.new_database)

    def _template(self, name: str, *, on_postgresql: bool) -> Path:
        place = self.folder / f"{name}-{'postgresql' if on_postgresql else 'sqlite'}"
        if place not in self._made:
            place.mkdir()
            world = World(place, self.new_database if on_postgresql else None)
            if name == "vendor":
                world.found_central()
            else:
                self.copy("vendor", world)
                world.found_satellite()
            world.close()
            self._made.add(place)
        return place


def _copy_database(settings: Path, new_database: Callable[..., str]) -> None:
    """Give a copied home a copy of its database."""
    if not settings.exists():
        return
    text = settings.read_text(encoding="utf-8")
    address = text.split('url = "', 1)[1].split('"', 1)[0]
    name = address.removeprefix("postgresql://test@/").split("?", 1)[0]
    settings.write_text(text.replace(address, new_database("", template=name)), encoding="utf-8")
