"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from chassis.errors import FileUnreadableError


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data`; a power cut leaves the old file or the new one, never a mix."""
    refuse_unwritable(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
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


def refuse_unwritable(path: Path) -> None:
    """Refuse a file that could not be written, before anything is changed on its account."""
    try:
        if not path.name or path.is_dir():
            raise FileUnreadableError(f"cannot write {str(path)[:80]}: it is a folder")
        if not path.parent.is_dir():
            raise FileUnreadableError(f"cannot write {path.name[:80]}: there is no folder {str(path.parent)[:200]}")
    except OSError as error:
        raise FileUnreadableError(f"cannot write {path.name[:80]}: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileUnreadableError(f"cannot write {path.name[:80]}: the folder is not writable")


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Read a file; FileUnreadableError when it is missing, unreadable or larger than `most_bytes`."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileUnreadableError(f"cannot read {path.name[:80]}: {error.strerror}") from error
    if len(data) > most_bytes:
        raise FileUnreadableError(f"{path.name[:80]} is larger than {most_bytes} bytes")
    return data
