"""A server that starts again by itself, under the number of its process: a worker asks, the process that started all does it."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from threading import Timer
from typing import NoReturn

AFTER_SECONDS = 1.0
"""So long the answer that says so has to leave; the workers end in order, and so finish what they have begun."""
CHILDREN_SECONDS = 20.0
MOST_DESCRIPTORS = 1 << 16
_master: list[tuple[int, int, int]] = []  # its pid, and a pipe that its workers inherit


def offer_restart() -> None:
    """Let workers that this process starts from now on ask for a restart."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    _master[:] = [(os.getpid(), read, write)]


def can_restart() -> bool:
    """Whether this process is a worker of a server that starts again where it is asked to."""
    return bool(_master) and _master[0][0] == os.getppid()


def ask_restart() -> bool:
    """Ask for it in a moment; whether someone listens."""
    if can_restart():
        pid, _, write = _master[0]

        def ask() -> None:
            os.write(write, b"1")
            os.kill(pid, signal.SIGTERM)

        timer = Timer(AFTER_SECONDS, ask)
        timer.daemon = True
        timer.start()
    return can_restart()


def is_asked() -> bool:
    """Whether a worker asked, in the process that offered it; in any other False."""
    if not _master or _master[0][0] != os.getpid():
        return False
    with suppress(BlockingIOError):
        return bool(os.read(_master[0][1], 1))
    return False


def start_again() -> NoReturn:
    """Wait until every child has ended, and become the same program with the same words anew."""
    sys.stdout.flush()
    sys.stderr.flush()
    until = time.monotonic() + CHILDREN_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
    os.closerange(3, MOST_DESCRIPTORS)  # sockets and locks of the server that was
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own words again


__all__ = ["ask_restart", "can_restart", "is_asked", "offer_restart", "start_again"]
