"""A worker process: gunicorn's asyncio worker that accepts one new connection at a time.

Otherwise the process that wakes first would take every waiting connection, and one core would do all the work. This worker pauses for a moment after each, so that another process takes the next.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
import weakref
from collections.abc import Callable
from typing import Any

from gunicorn.workers.gasgi import ASGIWorker

from serverkit.devices.crowd import Crowd
from serverkit.devices.protocol import Protocol
from serverkit.tls.serving import ServingPair

WAITING_CONNECTIONS = 1024
"""How many connections the kernel holds until they are taken."""
AWAY_SECONDS = 0.0005
NO_ROOM_SECONDS = 0.1
MOST_DESCRIPTORS = 8192
KEPT_DESCRIPTORS = 256
"""For the database, its locks and logs, whatever comes."""
GREETING_SECONDS = 20.0
"""So long a caller may take for its TLS greeting."""
SILENT_SECONDS = 60.0
"""So long a caller may take until its first request has come; between two requests the server's own bound holds."""


def most_connections() -> int:
    """How many connections a process may hold, after as many descriptors were asked for as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(16, max(soft, wanted) - KEPT_DESCRIPTORS)


def crowd_of(wanted: int, most: int) -> Crowd | None:
    """What bounds the connections of one address: as `wanted`, and never to more than half of the process's `most`."""
    return Crowd(min(wanted, max(1, most // 2))) if wanted else None


class FairWorker(ASGIWorker):  # type: ignore[misc]  # the library ships no types
    """Takes connections one at a time."""

    def _setup_event_loop(self) -> None:
        super()._setup_event_loop()
        self.loop.create_server = self._listen

    def notify(self) -> None:
        """Say that this process lives, once a second; and look whether the files of TLS changed."""
        super().notify()
        if self.app.tls is not None:
            self.app.tls.refresh()

    def _get_ssl_context(self) -> None:
        """None: the pair that was loaded before anything listened is asked for at each connection."""

    async def _listen(self, _factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, **_: Any) -> Listener:
        tls: ServingPair | None = self.app.tls
        return Listener(
            self.loop,
            lambda: Protocol(self),
            sock,
            None if tls is None else lambda: tls.context,
            has_room=lambda greeted: self.nr_conns + greeted < self.cfg.worker_connections,
            crowd=crowd_of(self.app.connections_per_address, self.cfg.worker_connections),
        )


def _end_silent(of: Callable[[], Any]) -> None:
    """End a connection on which no request has come."""
    protocol = of()
    if protocol is not None and protocol.req_count <= 1 and protocol._awaiting_request:  # noqa: SLF001 - nothing else says it
        protocol.transport.close()


class Listener:
    """Takes connections of one listening socket; to be closed like a server of asyncio."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        factory: Callable[[], asyncio.Protocol],
        sock: socket.socket,
        context: Callable[[], ssl.SSLContext] | None,
        *,
        has_room: Callable[[int], bool],
        crowd: Crowd | None = None,
    ) -> None:
        """`factory` makes the protocol of a connection; none is taken where there is no room for it.

        `context` gives what the next connection is greeted with; without it no TLS is spoken on this socket. `has_room` is told how many are being greeted: they are no connections of the worker yet, and hold descriptors. `crowd` bounds the connections of each address.
        """
        self._loop, self._factory, self._sock, self._context = loop, factory, sock, context
        self._has_room, self._crowd = has_room, crowd
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        sock.settimeout(0)
        self._look()

    def _look(self) -> None:
        self._timer = None
        self._loop.add_reader(self._sock.fileno(), self._take)

    def _look_away(self, seconds: float) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._timer = self._loop.call_later(seconds, self._look)

    def _take(self) -> None:
        if not self._has_room(len(self._tasks)):
            self._look_away(NO_ROOM_SECONDS)
            return
        try:
            taken, address = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the caller went away
        except OSError:
            self._look_away(NO_ROOM_SECONDS)  # no descriptor is left: some will be, when connections end
            return
        self._look_away(AWAY_SECONDS)
        connection = taken if self._crowd is None else self._crowd.take(taken, str(address[0]))
        if connection is None:
            return
        task = self._loop.create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        try:
            limit = None if self._context is None else GREETING_SECONDS
            _, protocol = await self._loop.connect_accepted_socket(
                self._factory,
                connection,
                ssl=self._context() if self._context else None,
                ssl_handshake_timeout=limit,
            )
        except (OSError, ssl.SSLError):
            connection.close()  # it spoke no TLS, or was gone before it was greeted
        else:
            # The timer outlives most connections, and must not keep them.
            self._loop.call_later(SILENT_SECONDS, _end_silent, weakref.ref(protocol))

    def close(self) -> None:
        """Take no more; the connections that are there go on."""
        if self._timer is not None:
            self._timer.cancel()
        elif self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())

    async def wait_closed(self) -> None:
        """Nothing is left to wait for: the worker counts its connections itself."""
