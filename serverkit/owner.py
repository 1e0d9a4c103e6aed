"""One owner of a home: commands that root runs leave every file to the owner of the folder that it is in.

SQLite does the same for its own journals; everything else that a server or a command makes passes through here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TextIO

from serverkit.errors import AppError, Remedy, WrongOwnerError

ROOT = 0
_STATE = ("*.db", "*.db-*", "*.lock", "*.turn", "lab-clock.json", "setup-code", "keys", "anchor", "tls")
_DEVICE = ("device.json", "device-key.pem", "clock.json", "lab-clock.json", ".lock", "devices")
_FOLDERS = ("keys", "anchor")


class OutputInHomeError(AppError):
    """The refusal `output_in_home`."""

    code = "output_in_home"
    message = "A file would take the place of what a program keeps in its home."
    remedy = Remedy("Name a file outside the home; nothing was written.", page="set-up.md")
    status = 409


def refuse_state(path: Path, home: Path | None = None) -> None:
    """OutputInHomeError where a path is a part of the state of a home; `home` is one that is only about to be made."""
    if is_state(path) or (home is not None and _would_be_state(path, home)):
        raise OutputInHomeError("{name} there is a part of the state of a home", name=path.name[:80])


def _would_be_state(path: Path, home: Path) -> bool:
    found, folder = path.parent.resolve() / path.name, home.resolve()
    return found.is_relative_to(folder) and (
        found == folder or any(fnmatch(found.relative_to(folder).parts[0], pattern) for pattern in _STATE)
    )


def is_state(path: Path) -> bool:
    """Whether a path names a part of the state of a home: of a server on this machine, or of a device.

    `exchange.places.is_state` is the same rule for the other commands; a test keeps the two alike.
    """
    found = path.parent.resolve() / path.name
    for folder in found.parents:
        kept = _kept(folder)
        if kept:
            first = found.relative_to(folder).parts[0]
            return any(fnmatch(first, pattern) for pattern in kept)
    return False


def _kept(folder: Path) -> tuple[str, ...]:
    if (folder / "keys").is_dir() and any(folder.glob("*.lock")):
        return (*_STATE, "config.toml")
    if (folder / "device-key.pem").exists() or (folder / "device.json").exists():
        return _DEVICE
    return ()


def keep_owner(descriptor: int, folder: Path) -> None:
    """Give an open file to the owner of `folder`, where root made it."""
    if os.geteuid() != ROOT:
        return
    wanted, found = folder.stat(), os.fstat(descriptor)
    if found.st_uid != wanted.st_uid:
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)


def make_folder(folder: Path, mode: int = 0o700, like: Path | None = None) -> None:
    """Make a folder and those above it, each of the owner of the one it is in; one that exists stays as it is.

    `like` names a folder whose owner it is to have in place of that.
    """
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        keep_owner(descriptor, like or folder.parent)
    finally:
        os.close(descriptor)


def make_file(file: Path) -> None:
    """Make an empty file that its owner alone may read, for a program that fills it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        keep_owner(descriptor, file.parent)
    finally:
        os.close(descriptor)


def open_lock(file: Path) -> TextIO:
    """Open a lock file, made where there is none."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        keep_owner(descriptor, file.parent)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "a")


def require_owner(home: Path, more: Sequence[Path] = ()) -> None:
    """Refuse a home that another user owns, and one whose parts belong to several users; root may work on any.

    `more` are folders of the home's state that are elsewhere. WrongOwnerError names the first part that is foreign.
    """
    try:
        owner = home.stat().st_uid
    except OSError:
        return  # whether there is a home at all is asked elsewhere
    me = os.geteuid()
    if me not in {ROOT, owner}:
        raise WrongOwnerError(
            "{name} belongs to user {owner}, this command runs as user {user}",
            name=home.name[:80],
            owner=owner,
            user=me,
        )
    if me != ROOT:
        require_one_owner(home, more)


def require_one_owner(home: Path, more: Sequence[Path] = ()) -> None:
    """Refuse a home whose parts do not all belong to its owner."""
    owner = home.stat().st_uid
    for path in _parts(home, more):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue  # a journal that has just gone
        if found.st_uid != owner and not stat.S_ISLNK(found.st_mode):
            name = path.name if path.parent == home else f"{path.parent.name}/{path.name}"
            raise WrongOwnerError(
                "{name} belongs to user {st_uid}, the state folder to user {owner}",
                name=name[:120],
                st_uid=found.st_uid,
                owner=owner,
            )


def _parts(home: Path, more: Sequence[Path]) -> Iterator[Path]:
    for pattern in _STATE:
        yield from sorted(home.glob(pattern))
    for folder in (*(home / name for name in _FOLDERS), *more):
        try:
            yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # what cannot be listed was named by its folder's owner, or is named by its reader
