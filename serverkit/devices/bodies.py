"""Receives request bodies: no thread waits for a slow one, and callers without credentials are limited in time and size.

A small body is taken whole. Of a larger one the beginning is taken, and the application is asked with it: it answers at
once where the beginning is enough for a refusal, or it says how much it takes from this caller (`allow`) and reads on.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Any

from serverkit.auth.addresses import network_of
from serverkit.devices.asgi import Receive, Scope, header_of
from serverkit.errors import (
    BodyIncompleteError,
    DatabaseBusyError,
    RequestMalformedError,
    RequestTimeoutError,
    TooManyUploadsError,
    UploadTooLargeError,
)
from serverkit.wsgi import MOST_DIGITS

SMALL_BYTES = 64 * 1024
"""What anybody may send."""
SOON_SECONDS = 5.0
"""A body that takes longer is a slow one: an address may send only so many of them at once."""
STRANGER_SECONDS = 30.0
"""What anybody may send has to be here by then."""
SLOW_FROM_ONE, SLOW_AT_ALL = 20, 400
"""Slow bodies at once, in each process."""
STALL_SECONDS = 60.0
LEAST_RATE = 1024
"""Of who may send more: so long may nothing come, and so many bytes a second have to come on the whole."""
LARGE_FROM_ONE, LARGE_AT_ALL = 2, 16
"""Large bodies at once, in each process: by the key that the application names, and of all."""
LINGER_SECONDS, LINGER_BYTES = 2.0, 1024 * 1024
"""A refused caller that still sends is listened to for so long: else it would hear a broken line, not the refusal."""
MEMORY_BYTES, CHUNK = 1024 * 1024, 256 * 1024


class CallerGoneError(Exception):
    """Anyone who sent half a message is gone: no one is left to answer."""


class BodyWanted(BaseException):
    """The application reads on behind what has come."""


class Probe:
    """The input of an application that is asked with the beginning of a body."""

    def __init__(self, file: Any) -> None:
        """Read what is in `file`, then raise BodyWanted."""
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """As many bytes as are asked for."""
        data: bytes = self._file.read(size)
        if size < 0 or len(data) < size:
            raise BodyWanted
        return data

    def read1(self, size: int) -> bytes:
        """Some bytes of what has come, for who can do with less than was asked for."""
        data: bytes = self._file.read(size)
        if not data and size:
            raise BodyWanted
        return data


class Upload:
    """One body while it comes; to be closed."""

    def __init__(self, receive: Receive) -> None:
        """Nothing is received yet."""
        self._receive = receive
        self.file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed by close
        self.size = 0
        self.complete = False
        self._waiting: list[bytes] = []
        self.allowed, self.key = SMALL_BYTES, ""

    def allow(self, most_bytes: int, key: str) -> None:
        """The application takes so much from this caller, whom it knows by `key`."""
        self.allowed, self.key = most_bytes, key

    async def receive(self) -> None:
        """Take one part in; BodyIncompleteError when the caller is gone."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise BodyIncompleteError("the request did not come whole")
        part = message.get("body", b"")
        self._waiting.append(part)
        self.size += len(part)
        self.complete = not message.get("more_body", False)

    def write(self) -> None:
        """Put away what was received; may block for a disk."""
        parts, self._waiting = self._waiting, []
        self.file.seek(0, 2)
        self.file.write(b"".join(parts))

    def waits(self) -> int:
        """How much is not put away yet."""
        return sum(map(len, self._waiting))

    def rewind(self) -> Any:
        """All that has come, from its beginning."""
        if self._waiting:
            self.write()
        self.file.seek(0)
        return self.file

    def close(self) -> None:
        """Throw it away."""
        self.file.close()


class Bodies:
    """The bodies of one process, within their bounds."""

    def __init__(self) -> None:
        """None is coming."""
        self._slow: Counter[str] = Counter()
        self._large: Counter[str] = Counter()

    async def soon(self, work: Callable[[], Awaitable[None]], address: str) -> None:
        """Receive a body, or its beginning, within the time allowed to unknown callers; RequestTimeoutError when it is late.

        `work` goes on where it stood when it is called a second time.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_SECONDS):
                await work()
                return
        with _place(self._slow, network_of(address), SLOW_FROM_ONE, SLOW_AT_ALL, TooManyUploadsError):
            try:
                async with asyncio.timeout(STRANGER_SECONDS - SOON_SECONDS):
                    await work()
            except TimeoutError as error:
                raise RequestTimeoutError from error

    async def message(self, scope: Scope, receive: Receive, most_bytes: int, address: str) -> bytes:
        """A small body, whole; UploadTooLargeError before more than `most_bytes` is taken in."""
        announced = header_of(scope, b"content-length")
        if announced and (not announced.isdecimal() or len(announced) > MOST_DIGITS):
            raise RequestMalformedError("Content-Length is not a length")
        if announced and int(announced) > most_bytes:
            raise UploadTooLargeError(
                "{announced} bytes were announced; {most_bytes} are allowed", announced=announced, most_bytes=most_bytes
            )
        parts, size, more = [], 0, True

        async def work() -> None:
            nonlocal size, more
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise CallerGoneError
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                if size > most_bytes:
                    raise UploadTooLargeError("more than {most_bytes} bytes were sent", most_bytes=most_bytes)
                more = message.get("more_body", False)

        await self.soon(work, address)
        return b"".join(parts)

    async def beginning(self, upload: Upload, most_bytes: int, address: str) -> None:
        """Take in up to `most_bytes` of a body, from anyone."""

        async def work() -> None:
            while not upload.complete and upload.size <= most_bytes:
                await upload.receive()

        await self.soon(work, address)

    async def rest(self, upload: Upload, disk: Executor) -> None:
        """Take in the rest of a body that was allowed."""
        loop = asyncio.get_running_loop()
        start, before = loop.time(), upload.size
        with _place(self._large, upload.key, LARGE_FROM_ONE, LARGE_AT_ALL, DatabaseBusyError):
            while not upload.complete:
                try:
                    async with asyncio.timeout(STALL_SECONDS):
                        await upload.receive()
                except TimeoutError as error:
                    raise RequestTimeoutError from error
                if upload.size > upload.allowed:
                    raise UploadTooLargeError("more than {allowed} bytes were sent", allowed=upload.allowed)
                spent = loop.time() - start
                if spent > STALL_SECONDS and upload.size - before < spent * LEAST_RATE:
                    raise RequestTimeoutError
                if upload.waits() >= CHUNK:
                    await loop.run_in_executor(disk, upload.write)


@contextmanager
def _place(
    counts: Counter[str], key: str, from_one: int, at_all: int, refusal: type[TooManyUploadsError | DatabaseBusyError]
) -> Iterator[None]:
    if counts[key] >= from_one or counts.total() >= at_all:
        raise refusal("too many requests are still being sent")
    counts[key] += 1
    try:
        yield
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]


async def linger(upload: Upload) -> None:
    """Keep reading from a refused caller for a moment."""
    most = upload.size + LINGER_BYTES
    with suppress(TimeoutError, BodyIncompleteError):
        async with asyncio.timeout(LINGER_SECONDS):
            while not upload.complete and upload.size < most:
                await upload.receive()
                upload._waiting.clear()  # noqa: SLF001 - no one will read it
