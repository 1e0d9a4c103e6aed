"""What full, read-only and failing disks mean, and when a process must stop.

A write that the disk refused whole is a refusal like any other: nothing changed, the caller tries again later. A failed
fsync is different: what was written may be lost although a second try would say "done". So a server ends at once and
answers nothing; a command says so and ends.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from serverkit.errors import (
    AppError,
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseGuardError,
    DiskFullError,
    DiskUnwritableError,
    FileUnreadableError,
    StorageFailedError,
)
from serverkit.log import get_logger

EXIT_STORAGE_FAILED = 3
"""The server's master ends with this code too when a worker does."""
_LEAST_FREE = 256 * 1024
_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26
_CONSTRAINT = 19
_GUARDS = "23"
_UNSURE = {_IOERR | kind << 8 for kind in (3, 4, 5, 6)}  # write, fsync, fsync of a folder, truncate

_serving = [False]


def is_server() -> None:
    """This process serves: it ends when the disk does not confirm what was written."""
    _serving[0] = True


def spool_in(folder: Path) -> None:
    """Keep what is received on the disk of a home: the usual folder for temporary files may be one in memory."""
    if "TMPDIR" not in os.environ:
        tempfile.tempdir = str(folder)


def of_database(error: BaseException, file: Path | None) -> AppError | None:
    """What a database's error means, if it is one of the disk, of waiting, or of a guard."""
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate == "53100":
        return DiskFullError()
    if isinstance(sqlstate, str) and sqlstate.startswith(_GUARDS):
        return DatabaseGuardError("the database refused the change: {guard_of}", guard_of=_guard_of(error))
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    primary = code & 0xFF
    if primary in {_BUSY, _LOCKED}:
        return DatabaseBusyError("the database did not come free in time")
    if primary == _FULL or (primary in {_IOERR, _CANTOPEN} and _is_full(file)):
        return DiskFullError()
    if primary == _CONSTRAINT:
        return DatabaseGuardError("the database refused the change: {guard_of}", guard_of=_guard_of(error))
    if primary in {_CORRUPT, _NOTADB}:
        return DatabaseDamagedError()
    if primary in {_READONLY, _CANTOPEN}:
        return DiskUnwritableError("the database cannot be opened for writing")
    return (
        StorageFailedError("the disk failed under the database (SQLite {error_code})", error_code=code)
        if code in _UNSURE
        else None
    )


def _guard_of(error: BaseException) -> str:
    """Which guard refused, without a value of the row: it may be a secret."""
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or f"{diagnosis.table_name}.{diagnosis.column_name} is missing")
    return str(error).replace(" constraint failed", "")


def of_file(error: OSError, name: str) -> AppError:
    """What an operating system's error at a file means."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError("cannot write {name}: no room is left", name=name)
    if error.errno == errno.EIO:
        return StorageFailedError("cannot write {name}: the disk failed", name=name)
    if error.errno == errno.EROFS:
        return DiskUnwritableError("cannot write {name}: the file system is read-only", name=name)
    return FileUnreadableError("cannot write {name}: {reason}", name=name, reason=error.strerror)


def disk_of(error: BaseException) -> AppError | None:
    """What an error says of a disk that is full or read-only, wherever it came from; None for any other."""
    if not isinstance(error, OSError) or error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        return None
    return of_file(error, Path(str(error.filename)).name[:80] if error.filename else "a file")


def end_if_unsure(error: AppError) -> None:
    """End a server whose disk failed: no answer may say that something is kept."""
    if isinstance(error, StorageFailedError) and _serving[0]:
        get_logger().error("storage_failed", cause=error.message)
        os._exit(EXIT_STORAGE_FAILED)


def free_bytes(folder: Path) -> int:
    """How much room is left."""
    return shutil.disk_usage(folder).free


def _is_full(file: Path | None) -> bool:
    try:
        return file is not None and free_bytes(file.parent) < _LEAST_FREE
    except OSError:
        return False
