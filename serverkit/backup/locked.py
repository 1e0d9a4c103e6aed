"""A lock file held for a moment, so that what is read, compared and written stays one step between processes."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serverkit.owner import open_lock
from serverkit.storage import of_file


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock file; others wait."""
    try:
        handle = open_lock(file)
    except OSError as error:
        raise of_file(error, file.name) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
