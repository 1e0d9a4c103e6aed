"""Replaces certificate and key together: one rename decides, and the rest follows even after a crash.

Both files wait complete in `tls/.ready`. From that rename on the change has happened: the next look after the folder
moves them into place. The pair that was there is kept in `tls/previous`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from serverkit.faults import crash_point
from serverkit.files import sync_folder, write_atomic
from serverkit.owner import make_folder
from serverkit.tls.pair import CERTIFICATE, KEY

READY, STAGED, PREVIOUS = ".ready", ".staged", "previous"


def swap_pair(folder: Path, certificate: bytes, key: bytes) -> None:
    """Put a pair in place of the present one; the caller holds the lock of the folder."""
    staged = folder / STAGED
    shutil.rmtree(staged, ignore_errors=True)
    make_folder(staged)
    write_atomic(staged / KEY, key)
    write_atomic(staged / CERTIFICATE, certificate, mode=0o644)
    sync_folder(staged)
    staged.rename(folder / READY)
    sync_folder(folder)
    crash_point("tls_decided")
    finish_swap(folder)


def finish_swap(folder: Path) -> None:
    """Move what waits into place; nothing where nothing waits."""
    ready = folder / READY
    if not ready.is_dir():
        return
    kept = folder / PREVIOUS
    make_folder(kept)
    for name in (KEY, CERTIFICATE):
        new, old = ready / name, folder / name
        if new.exists():
            if old.exists():
                old.replace(kept / name)
            new.replace(old)
            crash_point("tls_moved", name)
    sync_folder(kept)
    ready.rmdir()
    sync_folder(folder)
