"""Reads key files of a home that was set up: one that is gone is named as missing, whenever it is needed."""

from __future__ import annotations

from pathlib import Path

from serverkit.errors import FileUnreadableError, KeyFileMissingError
from serverkit.files import read_bounded


def read_key_file(path: Path, most_bytes: int) -> bytes:
    """Read a key file; KeyFileMissingError when it is gone, FileUnreadableError and FileTooLargeError as for any file."""
    try:
        return read_bounded(path, most_bytes)
    except FileUnreadableError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise KeyFileMissingError("keys/{name} is missing", name=path.name[:80]) from error
        raise
