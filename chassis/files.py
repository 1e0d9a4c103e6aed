"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from chassis.errors import FileUnreadableError


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data`; a power cut leaves the old file or the new one, never a mix."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
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
        temporary.unlink(missing_ok=True)
        raise FileUnreadableError(f"cannot write {path.name}: {error.strerror}") from error


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Read a file; FileUnreadableError when it is missing, unreadable or larger than `most_bytes`."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileUnreadableError(f"cannot read {path.name}: {error.strerror}") from error
    if len(data) > most_bytes:
        raise FileUnreadableError(f"{path.name} is larger than {most_bytes} bytes")
    return data
