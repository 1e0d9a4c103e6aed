"""The management listener: `/healthz`, `/readyz` and `/metrics` apart from the public address, in a process of its own (row B20).

On an address of this machine it speaks plain HTTP; on any other it has the server's TLS pair, and asks for a token.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serverkit.devices.health import CheckCall, answer_health
from serverkit.errors import AppError
from serverkit.files import read_bounded
from serverkit.log import get_logger
from serverkit.metrics.families import MEDIA
from serverkit.tls.serving import ServingPair

SECONDS, MOST_HEAD, MOST_AT_ONCE, MOST_TOKEN = 10.0, 8192, 32, 4096
_TOKEN = re.compile(rb"^authorization:[ \t]*bearer[ \t]+([^\r\n]+?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """What the listener tells of: the checks of `/readyz`, and the text of `/metrics`."""

    checks: Mapping[str, CheckCall]
    metrics: Callable[[], bytes]


@dataclass(frozen=True)
class Listener:
    """Answers one request a connection; `token` is a file, read at each request so that it can be replaced."""

    subject: Subject
    token: Path | None = None

    def answer(self, head: bytes) -> bytes:
        """The answer to a request."""
        method, _, rest = head.partition(b" ")
        path = rest.split(b" ", 1)[0].partition(b"?")[0].decode("latin-1")
        if method not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", b"only GET\n", b"GET")
        if path not in {"/healthz", "/readyz", "/metrics"}:
            return _response("404 Not Found", b"/healthz, /readyz, /metrics\n", method)
        if path != "/healthz" and not self._admits(head):
            return _response("401 Unauthorized", b"a token is needed\n", method, more="WWW-Authenticate: Bearer\r\n")
        if path == "/metrics":
            return self._metrics(method)
        found = answer_health(path, self.subject.checks)
        assert found is not None  # noqa: S101 - the two addresses that it knows
        reason = {200: "200 OK"}.get(found.status, f"{found.status} Service Unavailable")
        return _response(reason, found.body, method, found.content_type)

    def _metrics(self, method: bytes) -> bytes:
        try:
            return _response("200 OK", self.subject.metrics(), method, MEDIA)
        except Exception as error:  # noqa: BLE001 - whatever fails, the next request is answered
            get_logger().error("metrics_failed", cause=getattr(error, "code", type(error).__name__))
            return _response("503 Service Unavailable", b"the metrics cannot be read; see the log\n", method)

    def _admits(self, head: bytes) -> bool:
        if self.token is None:
            return True
        given = _TOKEN.search(head)
        try:
            wanted = read_bounded(self.token, MOST_TOKEN).strip()
        except (AppError, OSError):
            return False
        return bool(wanted) and given is not None and hmac.compare_digest(given[1].strip(), wanted)

    async def serve(self, listening: socket.socket, pair: ServingPair | None) -> None:
        """Answer until told to end."""
        places, one_at_a_time = asyncio.Semaphore(MOST_AT_ONCE), asyncio.Lock()
        loop = asyncio.get_running_loop()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with places:
                with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    async with asyncio.timeout(SECONDS):
                        head = await reader.readuntil(b"\r\n\r\n")
                    async with one_at_a_time:
                        writer.write(await loop.run_in_executor(None, self.answer, head))
                    async with asyncio.timeout(SECONDS):
                        await writer.drain()
                writer.close()

        context = _context(pair) if pair is not None else None
        server = await asyncio.start_server(take, sock=listening, limit=MOST_HEAD, ssl=context)
        async with server:
            await server.serve_forever()


def _context(pair: ServingPair) -> ssl.SSLContext:
    """TLS with the pair as it is at each greeting."""

    def newest(sock: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        pair.refresh()
        sock.context = pair.context

    context = pair.pair.context()
    context.sni_callback = newest
    return context


def _response(
    status: str, body: bytes, method: bytes, media: str = "text/plain; charset=utf-8", more: str = ""
) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        f"X-Content-Type-Options: nosniff\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)
