"""Files of the agent: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.errors import FileUnreadableError


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data` so that a power cut leaves the old or the new file, never a mix."""
    if not path.name or path.is_dir():
        raise FileUnreadableError(f"cannot write {str(path)[-120:]}: it is a folder")
    temporary = path.with_name(f".{os.getpid()}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise FileUnreadableError(f"cannot write {path.name[:80]}: {error.strerror}") from error


def read_file(path: Path, *, most_bytes: int) -> bytes:
    """Read a small file; FileUnreadableError when it is missing, unreadable or over `most_bytes`."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileUnreadableError(f"cannot read {str(path)[-120:]}: {error.strerror}") from error
    if len(data) > most_bytes:
        raise FileUnreadableError(f"{str(path)[-120:]} is larger than {most_bytes} bytes")
    return data


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone: two commands on one device take turns."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise FileUnreadableError(f"cannot use the folder {str(folder)[-120:]}: {error.strerror}") from error
    with lock as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
