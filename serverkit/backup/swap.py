"""Puts a restored home in place: one rename decides, and the rest follows even after a crash.

The restored files wait complete in `HOME/.restore-ready`. From that rename on the restore has happened: anyone who opens the
home next moves them into place, keeps what was there in `HOME/replaced-…`, and notes that the home was restored.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from serverkit.errors import SchedulerRunningError, ServerRunningError
from serverkit.faults import crash_point
from serverkit.files import sync_folder
from serverkit.locks import Lock, in_order, taken, waiting
from serverkit.owner import make_folder

READY = ".restore-ready"
LABEL = ".label"


def hold_home(home: Path) -> TextIO:
    """Mark the home as in use by a server while the file is open; refused if another server runs."""
    try:
        return taken(Lock.HOME, home)
    except BlockingIOError as error:
        raise ServerRunningError("another server runs on this home, or a restore is under way in it") from error


def hold_jobs(home: Path) -> TextIO:
    """Mark the jobs of a home as run by this process while the file is open; SchedulerRunningError."""
    try:
        return taken(Lock.JOBS, home)
    except BlockingIOError as error:
        raise SchedulerRunningError from error


@contextmanager
def alone_in_home(home: Path) -> Iterator[None]:
    """Refuse while a server or its jobs run on this home, and keep either from starting."""
    try:
        handle = taken(Lock.HOME, home)
    except BlockingIOError as error:
        raise ServerRunningError from error
    with in_order(Lock.HOME), handle, hold_jobs(home), in_order(Lock.JOBS):
        yield


def restore_waits(home: Path) -> bool:
    """Whether a restore was decided and is not in place yet."""
    return (home / READY).is_dir()


def finish_restore(home: Path, note: Callable[[], None]) -> None:
    """Put what waits in place; `note` is called before the last trace of the restore goes."""
    ready = home / READY
    if not ready.is_dir():
        return
    with waiting(Lock.WRITE, home):
        if not ready.is_dir():
            return
        label = ready / LABEL
        if label.exists():
            _move(home, ready, label)
            note()
            # Without its label, all that waited is in place and noted.
            label.unlink()
            crash_point("restore_noted")
        shutil.rmtree(ready)
        sync_folder(home)


def _move(home: Path, ready: Path, label: Path) -> None:
    kept = home / f"replaced-{label.read_text('ascii').strip()}"
    make_folder(kept)
    for staged in sorted(ready.iterdir()):
        if staged.name != LABEL:
            _replace(staged, home, kept)
            crash_point("restore_moved", staged.name)
    sync_folder(kept)
    sync_folder(home)


def _replace(staged: Path, home: Path, kept: Path) -> None:
    target = home / staged.name
    # Files of the old database must not be read together with the new one.
    for old in (target.with_name(target.name + "-wal"), target.with_name(target.name + "-shm"), target):
        if old.exists():
            old.rename(kept / old.name)
    staged.rename(target)
