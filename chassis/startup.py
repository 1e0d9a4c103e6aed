"""What must be in order before a server starts: its folder, its owner, its keys. The first fault is named."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chassis.errors import AppError, DiskFullError, DiskUnwritableError, KeyFileMissingError, WrongOwnerError
from chassis.files import write_atomic

PROBE = "writable"


def check_home(home: Path, missing_keys: Sequence[str]) -> None:
    """Refuse to start where the server could not keep what it acknowledges."""
    for path in (home, home / "keys", *sorted((home / "keys").glob("[!.]*")), *sorted(home.glob("*.db"))):
        owner = path.stat().st_uid
        if owner != os.geteuid():
            raise WrongOwnerError(f"{path.name} belongs to user {owner}, the server runs as user {os.geteuid()}")
    try:
        write_atomic(home / PROBE, b"1" * 4096)
        (home / PROBE).unlink()
    except DiskFullError:
        pass  # what needs no room is answered, and the status page says why the rest is not
    except AppError as error:
        raise DiskUnwritableError(f"the state folder {home} cannot be written") from error
    if missing_keys:
        raise KeyFileMissingError(f"missing: {', '.join(missing_keys)}")
