"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from serverkit.errors import FileTooLargeError, FileUnreadableError
from serverkit.faults import crash_point
from serverkit.log import get_logger
from serverkit.owner import keep_owner
from serverkit.storage import end_if_unsure, of_file

_FAILED = {errno.EIO, errno.ENOSPC, errno.EDQUOT}
"""What a disk says that fails; anything else means that a folder cannot be synchronized here: a share, a stick."""
NAME_A_FILE = "Name a new file or a regular one; devices, pipes, sockets and links are never replaced."
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


@contextmanager
def atomic_file(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends; a power cut leaves the old one or the new one whole."""
    refuse_unwritable(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            keep_owner(file.fileno(), path.parent)
            yield file
            file.flush()
            os.fsync(file.fileno())
        crash_point("before_rename", path.name)
        temporary.replace(path)
        crash_point("after_rename", path.name)
        sync_folder(path.parent)
    except OSError as error:
        _forget(temporary)
        refusal = of_file(error, path.name)
        end_if_unsure(refusal)
        raise refusal from error
    except BaseException:
        _forget(temporary)
        raise


def refuse_unwritable(path: Path) -> None:
    """Refuse a file that could not be written, before anything is changed on its account.

    Only a regular file is ever replaced: a device, a pipe, a socket or a link is something that others rely on.
    """
    try:
        if not path.name or path.is_dir():
            raise FileUnreadableError("cannot write {path}: it is a folder", path=str(path)[:80])
        if (what := irregular(path)) is not None:
            raise FileUnreadableError(
                "cannot write {path}: it is {what}", remedy=NAME_A_FILE, path=str(path)[:80], what=what
            )
        if not path.parent.is_dir():
            raise FileUnreadableError(
                "cannot write {name}: there is no folder {parent}", name=path.name[:80], parent=str(path.parent)[:200]
            )
    except OSError as error:
        raise FileUnreadableError(
            "cannot write {name}: {reason}", name=path.name[:80], reason=error.strerror
        ) from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        if os.statvfs(path.parent).f_flag & os.ST_RDONLY:
            raise of_file(OSError(errno.EROFS, "read-only"), path.name[:80])
        raise FileUnreadableError("cannot write {name}: the folder is not writable", name=path.name[:80])


def irregular(path: Path) -> str | None:
    """What is at a path, where that is neither nothing nor a regular file."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no regular file")


def _forget(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data`; a power cut leaves the old file or the new one, never a mix."""
    with atomic_file(path, mode) as file:
        file.write(data)


def sync_folder(folder: Path) -> None:
    """Make what a folder lists last: a rename that was not synchronized may be undone by a power cut.

    Where the system cannot do that for a folder, the file stands all the same: a warning says so, and nothing fails.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _FAILED:
            raise
        get_logger().warning("folder_not_synchronized", folder=folder.name, cause=error.strerror)


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Read a file; FileUnreadableError when it is missing or unreadable, FileTooLargeError beyond `most_bytes`."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=path.name[:80], reason=error.strerror) from error
    if len(data) > most_bytes:
        raise FileTooLargeError("{name} is larger than {most_bytes} bytes", name=path.name[:80], most_bytes=most_bytes)
    return data
