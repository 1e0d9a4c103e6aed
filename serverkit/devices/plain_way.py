"""A port without TLS that knows one thing: where the console is. Nothing can be done and nothing is told there (row S1.1)."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from html import escape

SECONDS = 10.0
MOST_HEAD = 8192
MOST_AT_ONCE = 64
_HOST = re.compile(rb"^host:[ \t]*(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d+)?[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Perigee</title></head>
<body>
<main data-page="way">
<h1>Perigee</h1>
<p>The console is at <a href="{address}">{address}</a>.</p>
<p>Before you go on past your browser's warning, compare the certificate's SHA-256 fingerprint that it shows with the one
that this machine prints when its server starts.</p>
</main>
</body>
</html>
"""


def answer_to(head: bytes, host: str, port: int) -> bytes:
    """The answer to a request: the page with the address, under the name by which the browser came, or a refusal."""
    method = head.split(b" ", 1)[0]
    if method not in {b"GET", b"HEAD"}:
        return _response("405 Method Not Allowed", "Only the address of the console is here.\n", b"GET", "text/plain")
    asked = _HOST.search(head)
    name = asked[1].decode("ascii") if asked is not None else host
    return _response("200 OK", PAGE.format(address=escape(f"https://{name}:{port}/")), method, "text/html")


def _response(status: str, text: str, method: bytes, media: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)


def show_way(listening: socket.socket, host: str, port: int) -> None:
    """Answer until told to end; `host` is what is named to those who do not say how they came here."""
    asyncio.run(_serve(listening, host, port))


async def _serve(listening: socket.socket, host: str, port: int) -> None:
    places = asyncio.Semaphore(MOST_AT_ONCE)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with places:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(answer_to(head, host, port))
                    await writer.drain()
            writer.close()

    server = await asyncio.start_server(answer, sock=listening, limit=MOST_HEAD)
    async with server:
        await server.serve_forever()
