"""Files of the agent: written whole or not at all, readable by their owner only, all of one owner.

What root writes in the folder of another user belongs to that user, so that no command run as root stops a product.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from agent.errors import FileUnreadableError, WrongOwnerError
from exchange.terminal import printed

_ROOT = 0
_LOCK = ".lock"
_TRIES = 5
_FAILED = {errno.EIO, errno.ENOSPC, errno.EDQUOT}
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data` so that a power cut leaves the old or the new file, never a mix."""
    refuse_irregular(path)
    temporary = path.with_name(f".{os.getpid()}.{secrets.token_hex(4)}.new")
    try:
        _make_folder(path.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(file.fileno(), path.parent)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise FileUnreadableError(
            "cannot write {name}: {reason}", name=path.name[:80], reason=error.strerror
        ) from error


def refuse_irregular(path: Path) -> None:
    """Refuse to write where a folder, a link, a device or a pipe stands: only a regular file is ever replaced."""
    try:
        mode = path.lstat().st_mode if path.name else stat.S_IFDIR
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileUnreadableError(
            "cannot write {name}: {reason}", name=path.name[:80], reason=error.strerror
        ) from error
    except ValueError as error:
        raise FileUnreadableError("cannot write {name!r}: no file has such a name", name=path.name[:80]) from error
    if not stat.S_ISREG(mode):
        what = _KINDS.get(stat.S_IFMT(mode), "no regular file")
        raise FileUnreadableError("cannot write {path}: it is {what}", path=str(path)[-120:], what=what)


def require_owner(folder: Path) -> None:
    """Refuse a folder that belongs to another user; root may work on any, and leaves its files to their owner."""
    me = os.geteuid()
    try:
        owner = folder.stat().st_uid
        if me not in {_ROOT, owner}:
            raise WrongOwnerError(
                "{name} belongs to user {owner}, this command runs as user {user}",
                name=folder.name[:80],
                owner=owner,
                user=me,
            )
        for path in sorted(folder.iterdir()) if me != _ROOT else ():
            found = path.lstat()
            if found.st_uid != owner and stat.S_ISREG(found.st_mode):
                raise WrongOwnerError(
                    "{name} belongs to user {st_uid}, its folder to user {owner}",
                    name=path.name[:80],
                    st_uid=found.st_uid,
                    owner=owner,
                )
    except FileNotFoundError:
        return


def _keep_owner(descriptor: int, folder: Path) -> None:
    if os.geteuid() != _ROOT:
        return
    wanted, found = folder.stat(), os.fstat(descriptor)
    if found.st_uid != wanted.st_uid:
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _keep_owner(descriptor, folder.parent)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # Shares and sticks cannot do it: the file stands all the same, and only a disk that fails is a failure.
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _FAILED:
            raise
        print(printed(f"warning: {folder.name[:80]} cannot be synchronized ({error.strerror})"), file=sys.stderr)


def _without_waiting(path: Path) -> int:
    # A pipe that no one writes to gives nothing; one that is written to is read to its end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(descriptor, True)
    return descriptor


def read_file(path: Path, *, most_bytes: int) -> bytes:
    """Read a small file; FileUnreadableError when it is missing, unreadable or over `most_bytes`."""
    if not path.name:
        raise FileUnreadableError("cannot read {text!r}: no file is named", text=str(path)[-120:])
    try:
        with os.fdopen(_without_waiting(path), "rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileUnreadableError(
            "cannot read {text}: {reason}", text=str(path)[-120:], reason=error.strerror
        ) from error
    except ValueError as error:
        raise FileUnreadableError("cannot read {text!r}: no file has such a name", text=str(path)[-120:]) from error
    if len(data) > most_bytes:
        raise FileUnreadableError(
            "{path} is larger than {most_bytes} bytes", path=str(path)[-120:], most_bytes=most_bytes
        )
    return data


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone: two commands on one device take turns.

    A folder that was made for the lock and got nothing else is removed again: a refused command leaves nothing.
    """
    made = _missing(folder)
    try:
        handle = _held(folder)
    except OSError as error:
        raise FileUnreadableError(
            "cannot use the folder {folder}: {reason}", folder=str(folder)[-120:], reason=error.strerror
        ) from error
    with handle:
        try:
            yield
        finally:
            if made:
                _remove_empty(folder, made)
            fcntl.flock(handle, fcntl.LOCK_UN)


def _held(folder: Path) -> TextIO:
    for left in reversed(range(_TRIES)):
        try:
            _make_folder(folder)
            descriptor = os.open(folder / _LOCK, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:  # another command removed the folder that it had made
            if not left:
                raise
            continue
        handle = os.fdopen(descriptor, "a")
        try:
            _keep_owner(descriptor, folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink or not left:
                return handle
        except BaseException:
            handle.close()
            raise
        handle.close()  # the file was removed while this command waited for it
    raise AssertionError("the last try returns or raises")


def _missing(folder: Path) -> list[Path]:
    """The folders on the way to this one that do not exist, the innermost first."""
    found = []
    while not os.path.lexists(folder):
        found.append(folder)
        folder = folder.parent
    return found


def _remove_empty(folder: Path, made: list[Path]) -> None:
    with suppress(OSError):
        if [path.name for path in folder.iterdir()] == [_LOCK]:
            (folder / _LOCK).unlink()
            for each in made:
                each.rmdir()
