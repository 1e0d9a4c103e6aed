"""Creates a home: one `init` wins, and existing files in the folder stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serverkit.backup.swap import alone_in_home
from serverkit.db.unit import Unit
from serverkit.errors import HomeExistsError, ServerRunningError
from serverkit.locks import FILES, Lock
from serverkit.owner import make_folder

_OWN = frozenset({"config.toml", "keys", "tls", "anchor", "lost+found", FILES[Lock.HOME], FILES[Lock.JOBS]})
"""What may be in a home before `init`; a folder that holds anything else is somebody's for other things too."""
_OTHERS = 0o077


@contextmanager
def founding(home: Path, in_use: Callable[[], bool], what: str) -> Iterator[None]:
    """Hold a new home for the time of its `init`; HomeExistsError where one is there, or is being made.

    A folder of nothing else's becomes private; the modes of one that holds other files stay.
    """
    _refuse_used(in_use, what)
    existed = home.is_dir()
    make_folder(home)
    try:
        with alone_in_home(home):
            _refuse_used(in_use, what)  # another `init` may have ended meanwhile
            if existed:
                make_private(home, _OWN)
            yield
    except ServerRunningError as error:
        raise HomeExistsError("another `init` of a {what} is at work in this home", what=what) from error


@contextmanager
def removed_on_failure(home: Path, *patterns: str) -> Iterator[None]:
    """Remove what the block made in a home if it fails: keys, and what matches `patterns`. What was there before stays."""
    patterns = ("keys/*", "keys", *patterns)
    before = {path for pattern in patterns for path in home.glob(pattern)}
    try:
        yield
    except BaseException:
        for path in (path for pattern in patterns for path in sorted(home.glob(pattern)) if path not in before):
            with suppress(OSError):  # the cause of the failure is what the caller has to hear
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def write_files_first(unit: Unit) -> None:
    """Do what waits for the commit of a unit before it, so that a file that cannot be written leaves no row.

    Only for what `removed_on_failure` removes: no one else sees a home that is being made.
    """
    waiting, unit.after_commit[:] = [*unit.after_commit], []
    for action in waiting:
        action()


def _refuse_used(in_use: Callable[[], bool], what: str) -> None:
    if in_use():
        raise HomeExistsError("there is a {what} in this home already", what=what)


def make_private(folder: Path, own: Collection[str] = ()) -> None:
    """Close a folder to other users, unless it holds files other than those named."""
    mode = folder.stat().st_mode & 0o7777
    if mode & _OTHERS and all(path.name in own for path in folder.iterdir()):
        folder.chmod(mode & ~_OTHERS)
