"""The batcher: brings the messages of many connections into groups, one group after the other.

A group begins when the loop has read everything that had come. A caller that was just answered soon sends its next message, and
a group costs as much for two as for ten; so the next group waits a little for most of those who were answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from serverkit.errors import DatabaseBusyError

MOST_TOGETHER = 64
PATIENCE_SECONDS = 15.0
AGAIN_SECONDS = 0.004
SWEEP_SECONDS = 1.0

M = TypeVar("M")


class Batcher(Generic[M]):
    """Hands each group of messages to one thread; whatever waits costs no thread."""

    def __init__(self, handle_all: Callable[[Sequence[M]], None], most_at_once: int) -> None:
        """`handle_all` settles a group and may block; at most `most_at_once` messages wait or are being settled."""
        self._handle_all = handle_all
        self._most_at_once = most_at_once
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._waiting: deque[tuple[float, M, asyncio.Future[None]]] = deque()
        self._held = 0
        self._busy = False
        self._sweeping = False
        self._enough = 0
        self._moment: asyncio.TimerHandle | None = None

    async def handle(self, message: M) -> None:
        """Have a message handled; DatabaseBusyError at once when too many wait, or when its turn does not come in time."""
        if self._held >= self._most_at_once:
            raise DatabaseBusyError("the server has more messages than it can take")
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((self._loop.time(), message, future))
        if self._moment is not None:
            if len(self._waiting) == self._enough:
                self._moment.cancel()
                self._moment = self._loop.call_later(0, self._begin)  # with what has come along meanwhile
        elif not self._busy:
            self._busy = True
            self._loop.call_soon(self._start)  # not before all that has come by now is here
        elif not self._sweeping:
            self._sweeping = True
            self._loop.call_later(SWEEP_SECONDS, self._sweep)
        self._held += 1
        try:
            await future
        finally:
            self._held -= 1

    def _begin(self) -> None:
        self._moment = None
        self._start()

    def _start(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        if not group:
            self._busy = False
            return
        futures = [future for _, _, future in group]
        try:
            work = self._loop.run_in_executor(self._thread, self._handle_all, [message for _, message, _ in group])
        except RuntimeError as error:  # the machine gives no thread: the next message tries again
            work = self._loop.create_future()
            work.set_exception(error)
        work.add_done_callback(lambda done: self._done(futures, done))

    def _done(self, futures: list[asyncio.Future[None]], done: asyncio.Future[None]) -> None:
        failed = done.exception()
        for future in futures:
            if future.done():
                continue  # the caller is gone
            if failed is not None:
                future.set_exception(failed)
            else:
                future.set_result(None)
        # Those that wait are joined by most of those who were answered, rather than that two halves take turns forever.
        self._enough = min(MOST_TOGETHER, len(self._waiting) + len(futures)) * 3 // 4
        if len(self._waiting) >= self._enough:
            self._start()
        else:
            self._moment = self._loop.call_later(AGAIN_SECONDS, self._begin)

    def _sweep(self) -> None:
        late = self._loop.time() - PATIENCE_SECONDS
        while self._waiting and self._waiting[0][0] < late:
            _, _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(DatabaseBusyError("too many messages wait for the database"))
        self._sweeping = bool(self._waiting)
        if self._sweeping:
            self._loop.call_later(SWEEP_SECONDS, self._sweep)
