"""Every lock of a server by its name, and the order in which they are taken.

Anyone who holds a lock takes only those that come later in `Lock`; a thread that would do otherwise could wait for
another one that waits for it, and is told so (`LockOrderError`) before it waits. Three kinds are behind the names:

- a file, locked with `flock`: ends with its process, and serves every process of the machine (`waiting`, `taken`);
- an advisory lock of a database behind a server, which ends with its connection (`on_database`);
- a table that no other work locks in this way: unlike an advisory lock it is taken before the transaction has its
  snapshot, so that its holder sees what the one before wrote (`turn`).

Rows are locked by what reads them in order to change them (`for_change`, `row_for_change`, `again_for_change`), until
the unit of work ends. They have no order of their own: PostgreSQL ends one of two units that wait for each other, and
`Database.run` repeats it. Nothing else in a server takes a lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique
from pathlib import Path
from threading import local
from typing import Any, TextIO, TypeVar

from sqlalchemy import Engine, GenerativeSelect, text
from sqlalchemy.orm import Session

from serverkit.errors import DiskUnwritableError
from serverkit.owner import open_lock
from serverkit.storage import of_file

Q = TypeVar("Q", bound=GenerativeSelect)
M = TypeVar("M")


@unique
class Lock(IntEnum):
    """The locks, in the order in which they are taken."""

    HOME = 1
    """A server, an `init` or a restore has the home to itself."""
    JOBS = 2
    """One process runs the jobs of a home, whether beside its server or as a part of it."""
    SERVING = 3
    """One home's server works on a database that knows no second one."""
    FOUNDING = 4
    """One process sets up a common database."""
    UPGRADING = 5
    """One process migrates a common database."""
    RECOVERY = 6
    """One process finds out whether central was restored."""
    WRITE = 7
    """One transaction writes to an embedded database, or a restore replaces it."""
    DEVICES = 8
    """One group of device messages is settled on a common database."""
    CERTIFICATE = 9
    """One process makes or renews the server's own TLS certificate."""
    ANCHOR = 10
    """One process reads, compares and writes the rollback anchor."""


FILES = {
    Lock.HOME: "server.lock",
    Lock.JOBS: "jobs.lock",
    Lock.RECOVERY: "recovery.lock",
    Lock.WRITE: "write.lock",
    Lock.CERTIFICATE: ".lock",
    Lock.ANCHOR: "anchor.lock",
}
_DATABASE = 0x50455247
_TURNS = {Lock.DEVICES: "LOCK TABLE counters IN SHARE UPDATE EXCLUSIVE MODE"}


class LockOrderError(RuntimeError):
    """A thread would take a lock that comes before one it holds: a fault of the program."""


class _Held(local):
    def __init__(self) -> None:
        self.locks: list[Lock] = []


_held = _Held()


@contextmanager
def in_order(lock: Lock) -> Iterator[None]:
    """Note that this thread holds a lock; LockOrderError where it comes before one, or is one, that it holds."""
    if _held.locks and lock <= _held.locks[-1]:
        raise LockOrderError(f"{lock.name} is taken while {_held.locks[-1].name} is held")
    _held.locks.append(lock)
    try:
        yield
    finally:
        _held.locks.remove(lock)


def opened(file: Path) -> TextIO:
    """Open a lock file, made where there is none; the refusal that a disk stands for where it cannot be."""
    try:
        return open_lock(file)
    except OSError as error:
        raise of_file(error, file.name) from error


def _opened_for_writing(file: Path) -> TextIO:
    try:
        return open_lock(file)
    except PermissionError as error:
        raise DiskUnwritableError("{name} cannot be opened for writing", name=file.name) from error
    except OSError as error:
        raise of_file(error, file.name) from error


@contextmanager
def waiting(lock: Lock, folder: Path) -> Iterator[None]:
    """Hold the lock file of a folder; wait for anyone who has it."""
    with in_order(lock), opened(folder / FILES[lock]) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Hold the write lock, in turn: the one who just had it cannot have it again before anyone who waits."""
    with (
        in_order(Lock.WRITE),
        _opened_for_writing(file.with_suffix(".turn")) as door,
        _opened_for_writing(file) as handle,
    ):
        # Anyone who waits for the lock holds the door.
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(handle, fcntl.LOCK_EX)
        fcntl.flock(door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def taken(lock: Lock, folder: Path) -> TextIO:
    """Take the lock file of a folder until the file is closed; BlockingIOError where another has it."""
    handle = open_lock(folder / FILES[lock])
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        handle.close()
        raise
    return handle


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Hold a folder itself, not a file in it; BlockingIOError where another has it, OSError on a share without locks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def on_database(engine: Engine, lock: Lock) -> Iterator[None]:
    """Do one act, such as founding, in one process at a time on a database behind a server; others wait for their turn.

    An embedded database is in one home, whose own lock serves. The lock ends with its connection, so that a process
    that dies keeps no one waiting.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with in_order(lock), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"what": _DATABASE, "act": int(lock)}
        connection.execute(text("SELECT pg_advisory_lock(:what, :act)"), key)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:what, :act)"), key)


def is_held(engine: Engine, lock: Lock) -> bool:
    """Whether another process holds a lock of a database behind a server just now; it is not waited for."""
    if engine.dialect.name == "sqlite":
        return False
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"what": _DATABASE, "act": int(lock)}
        free = connection.execute(text("SELECT pg_try_advisory_lock(:what, :act)"), key).scalar_one()
        if free:
            connection.execute(text("SELECT pg_advisory_unlock(:what, :act)"), key)
    return not free


def turn(session: Session, lock: Lock) -> None:
    """Wait for the turn of this transaction, before it has read anything; held until it ends.

    Only those who take the same turn wait. An embedded database needs none: its write lock serves.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text(_TURNS[lock]))


def for_change(query: Q, *, writing: bool = True, of: type[Any] | None = None) -> Q:
    """A query whose rows are locked, because they are read to be changed; unlocked in a unit that only reads.

    Of a query of several tables `of` says which one's rows are.
    """
    return query.with_for_update(of=of) if writing else query


def row_for_change(session: Session, model: type[M], key: Any, *, writing: bool = True) -> M | None:
    """A row by its key, locked because it is read to be changed."""
    return session.get(model, key, with_for_update=writing)


def again_for_change(session: Session, row: object, *, writing: bool = True) -> None:
    """Read a row again and lock it, because it is changed by what it holds now."""
    session.refresh(row, with_for_update=writing)
