"""Checks before a server starts: its folder, its owner, its keys. The first fault is named."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from serverkit.errors import AppError, DiskFullError, DiskUnwritableError, KeyFileMissingError, WrongOwnerError
from serverkit.files import read_bounded, write_atomic
from serverkit.owner import require_one_owner

PROBE = "writable"
MOST_READ = 16 * 1024 * 1024


def check_home(home: Path, missing_keys: Sequence[str], more: Sequence[Path] = ()) -> None:
    """Refuse to start where the server could not keep what it acknowledges; `more` are folders of its state elsewhere."""
    if (owner := home.stat().st_uid) != os.geteuid():
        raise WrongOwnerError(
            "{name} belongs to user {owner}, the server runs as user {user}",
            name=home.name,
            owner=owner,
            user=os.geteuid(),
        )
    require_one_owner(home, more)
    try:
        write_atomic(home / PROBE, b"1" * 4096)
        (home / PROBE).unlink()
    except DiskFullError:
        pass  # what needs no room is answered, and the status page says why the rest is not
    except AppError as error:
        raise DiskUnwritableError("the state folder {home} cannot be written", home=home) from error
    if missing_keys:
        raise KeyFileMissingError("missing: {missing_keys}", missing_keys=", ".join(missing_keys))


def usable_home(home: Path, more: Sequence[Path] = ()) -> str:
    """Whether the home can be used as it stands: one owner, every file of its state readable; returns what to show.

    WrongOwnerError or FileUnreadableError names the first file that stops the server. Nothing is written.
    """
    me, owner = os.geteuid(), home.stat().st_uid
    if owner != me:
        raise WrongOwnerError(
            "{name} belongs to user {owner}, the server runs as user {user}", name=home.name, owner=owner, user=me
        )
    require_one_owner(home, more)
    read = 0
    for folder in (home / "keys", home / "tls", home / "anchor", *more):
        for file in sorted(folder.glob("[!.]*")) if folder.is_dir() else ():
            if file.is_file():
                read_bounded(file, MOST_READ)
                read += 1
    return f"one owner, {read} files readable"
