"""A recording file-system layer under SQLite, and the states of the disk that a power cut may leave.

The database is driven through a second SQLite library (apsw) whose file-system layer writes down every write, sync,
truncation and removal. A cut takes any moment; of what was not synchronized each write is lost, kept, or torn at 512
bytes, independently. The state is then read by the SQLite that the program uses. A later sync also settles earlier
removals, as journalling file systems do.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw

SECTOR = 512


@dataclass(frozen=True)
class Op:
    """One thing that happened to a file, or `ack`: something was acknowledged to the outside."""

    kind: str
    file: str = ""
    at: int = 0
    data: bytes = b""
    fact: Any = None


@dataclass
class Recording:
    """Everything since the recording began; the files stood as they are in `base` then."""

    base: dict[str, bytes] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)

    def ack(self, fact: Any) -> None:
        """From here on `fact` was acknowledged."""
        self.ops.append(Op("ack", fact=fact))


class _File(apsw.VFSFile):
    def __init__(self, recording: Recording, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._recording = recording
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - the name that the library calls
        super().xWrite(data, offset)
        if self._name:
            self._recording.ops.append(Op("write", self._name, offset, bytes(data)))

    def xSync(self, flags: int) -> None:  # noqa: N802 - the name that the library calls
        super().xSync(flags)
        self._recording.ops.append(Op("sync", self._name))

    def xTruncate(self, size: int) -> None:  # noqa: N802 - the name that the library calls
        super().xTruncate(size)
        self._recording.ops.append(Op("truncate", self._name, size))


class _Vfs(apsw.VFS):
    def __init__(self, name: str, recording: Recording) -> None:
        self._recording = recording
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - the name that the library calls
        return _File(self._recording, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802 - the name that the library calls
        super().xDelete(name, syncdir)
        self._recording.ops.append(Op("delete", Path(name).name))


class Error(Exception):
    """Root of the errors that a driver raises."""


class OperationalError(Error):
    """Anything but a violated constraint."""


class IntegrityError(Error):
    """A violated constraint."""


class _Cursor:
    arraysize = 1

    def __init__(self, connection: Any, replace: tuple[str, str] | None) -> None:
        self._connection = connection
        self._replace = replace
        self.description: Any = None
        self._rows: list[Any] = []
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        if self._replace:
            sql = sql.replace(*self._replace)
        cursor = self._connection.cursor()
        self.description = None

        def look(inner: Any, _sql: str, _bindings: Any) -> bool:
            found = inner.get_description()
            self.description = [(column[0], None, None, None, None, None, None) for column in found] or None
            return True

        cursor.exec_trace = look
        try:
            self._rows = list(cursor.execute(sql, tuple(parameters)))
        except apsw.ConstraintError as error:
            raise IntegrityError(str(error)) from error
        except apsw.Error as error:
            failure = OperationalError(f"{error} ({getattr(error, 'extendedresult', 0)}) {sql[:80]}")
            failure.sqlite_errorcode = getattr(error, "extendedresult", 1)  # type: ignore[attr-defined]
            raise failure from error
        self.rowcount = self._connection.changes()
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def executemany(self, sql: str, sets: Sequence[Any]) -> _Cursor:
        total = 0
        for parameters in sets:
            self.execute(sql, parameters)
            total += self.rowcount
        self.rowcount = total
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        found, self._rows = self._rows[: size or 1], self._rows[size or 1 :]
        return found

    def fetchall(self) -> list[Any]:
        found, self._rows = self._rows, []
        return found

    def close(self) -> None:
        self._rows = []


class _Connection:
    isolation_level: Any = None

    def __init__(self, path: str, vfs: str, replace: tuple[str, str] | None) -> None:
        self._inner = apsw.Connection(path, vfs=vfs)
        self._inner.set_busy_timeout(30_000)
        self._replace = replace

    def cursor(self, *_: Any) -> _Cursor:
        return _Cursor(self._inner, self._replace)

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        return self.cursor().execute(sql, parameters)

    def commit(self) -> None:
        if self._inner.in_transaction:
            self.cursor().execute("COMMIT")

    def rollback(self) -> None:
        if self._inner.in_transaction:
            self.cursor().execute("ROLLBACK")

    def close(self) -> None:
        self._inner.close()

    def create_function(self, name: str, number: int, work: Any, **_: Any) -> None:
        self._inner.create_scalar_function(name, work, number)


def driver(recording: Recording, vfs: str, replace: tuple[str, str] | None = None) -> tuple[Any, _Vfs]:
    """A database driver for SQLAlchemy over the recorder; keep the second value as long as it is used."""
    layer = _Vfs(vfs, recording)
    module = SimpleNamespace(
        paramstyle="qmark", threadsafety=1, apilevel="2.0", version_info=(2, 6, 0), sqlite_version=apsw.sqlite_lib_version(),
        sqlite_version_info=tuple(int(part) for part in apsw.sqlite_lib_version().split(".")),
        Error=Error, DatabaseError=Error, InterfaceError=Error, DataError=Error, InternalError=Error, ProgrammingError=Error,
        NotSupportedError=Error, Warning=Warning, OperationalError=OperationalError, IntegrityError=IntegrityError, Binary=bytes,
        PARSE_DECLTYPES=1, PARSE_COLNAMES=2,
        connect=lambda path, **_: _Connection(path, vfs, replace),
    )  # fmt: skip
    return module, layer


class _Disk:
    """Files as they are on the disk, and what was written since without a sync."""

    def __init__(self, base: dict[str, bytes]) -> None:
        self.sure = {name: bytearray(data) for name, data in base.items()}
        self.open: dict[str, list[Op]] = {}
        self.gone: list[str] = []

    def take(self, op: Op) -> None:
        if op.kind == "delete":
            self.gone.append(op.file)
        elif op.kind == "sync":
            self._settle_removals()
            for pending in self.open.pop(op.file, []):
                _apply(self.sure.setdefault(op.file, bytearray()), pending)
        else:
            if op.file in self.gone:
                self._settle_removals()
            self.open.setdefault(op.file, []).append(op)

    def _settle_removals(self) -> None:
        for name in self.gone:
            self.sure.pop(name, None)
            self.open.pop(name, None)
        self.gone = []

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        for name in self.gone:
            if chance.random() < 0.5:
                self.sure.pop(name, None)
                self.open.pop(name, None)
        mood = chance.choice(("lost", "kept", "mixed"))
        for name, ops in self.open.items():
            for op in ops:
                fate = chance.choice(("lost", "kept", "torn")) if mood == "mixed" else mood
                if fate == "kept":
                    _apply(self.sure.setdefault(name, bytearray()), op)
                elif fate == "torn" and op.kind == "write":
                    _tear(self.sure.setdefault(name, bytearray()), op, chance)
        return {name: bytes(data) for name, data in self.sure.items()}


def _apply(data: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del data[op.at :]
        return
    if len(data) < op.at:
        data.extend(bytes(op.at - len(data)))
    data[op.at : op.at + len(op.data)] = op.data


def _tear(data: bytearray, op: Op, chance: random.Random) -> None:
    for start in range(0, len(op.data), SECTOR):
        if chance.random() < 0.5:
            _apply(data, Op("write", op.file, op.at + start, op.data[start : start + SECTOR]))


def cuts(recording: Recording, chance: random.Random, number: int, folder: Path) -> Any:
    """Yield what was acknowledged before each of `number` random cuts; the disk's state is in `folder` meanwhile."""
    for moment in sorted(chance.randrange(1, len(recording.ops) + 1) for _ in range(number)):
        disk, known = _Disk(recording.base), []
        for op in recording.ops[:moment]:
            if op.kind == "ack":
                known.append(op.fact)
            else:
                disk.take(op)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in disk.cut(chance).items():
            if not name.endswith("-shm"):
                (folder / name).write_bytes(data)
        yield known
