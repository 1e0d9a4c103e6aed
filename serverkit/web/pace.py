"""Long work beside devices: a thread that gives way when the processor is wanted by others."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

SLOWED = 1.3
"""A part that takes so many times its own processor time had to wait for others."""
REST = 12.0
"""Then a rest follows of so many times that processor time: the work keeps to a thirteenth of a processor."""
MOST_SECONDS = 2.0


@dataclass
class Pace:
    """The pace of one piece of work, which calls `rest` after each part, from the thread that works."""

    _began: float = field(default_factory=time.monotonic)
    _spent: float = field(default_factory=time.thread_time)

    def rest(self) -> None:
        """Go on at once on a quiet machine, after a while on a busy one."""
        took, busy = time.monotonic() - self._began, time.thread_time() - self._spent
        if took > SLOWED * busy:
            time.sleep(min(REST * busy, MOST_SECONDS))
        self._began, self._spent = time.monotonic(), time.thread_time()
