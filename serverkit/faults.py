"""Crash points for tests: in a laboratory, `PERIGEE_CRASH_AT=name` ends the process by SIGKILL where that name stands.

A name may be narrowed to one file: `before_rename:anchor.json`. Homes that are no laboratory ignore the variable.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "PERIGEE_CRASH_AT"
POINTS = (
    "before_commit",
    "after_commit",
    "after_anchor",
    "before_rename",
    "after_rename",
    "job_started",
    "restore_moved",
    "restore_noted",
    "staged",
    "tls_decided",
    "tls_moved",
)

_armed = [False]


def arm(*, lab: bool) -> None:
    """Honour the variable from now on if the open home is a laboratory."""
    _armed[0] = lab


def crash_point(name: str, detail: str = "") -> None:
    """Die here when a test asks for it."""
    if not _armed[0]:
        return
    wanted = os.environ.get(VARIABLE)
    if wanted is not None and wanted in {name, f"{name}:{detail}"}:
        os.kill(os.getpid(), signal.SIGKILL)
