"""How a process takes connections: who counts, and how long anyone who says nothing may stay."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.config import Config
from gunicorn.glogging import Logger

import serverkit.devices.worker as worker_module
from serverkit.devices.worker import Listener

PATIENCE = 20


def _listening() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(8)
    return listening


@pytest.mark.row("S4.7")
def test_callers_without_a_handshake_count_as_connections() -> None:
    """Anyone who opens connections and says nothing gets no more descriptors than connections may have."""
    seen: list[int] = []

    async def run() -> int:
        full = asyncio.Event()

        def has_room(greeted: int = -1) -> bool:
            seen.append(greeted)
            if greeted >= 2:
                full.set()
            return greeted < 2

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with closing(_listening()) as listening:
            callers = [socket.create_connection(listening.getsockname()) for _ in range(3)]
            listener = Listener(
                asyncio.get_running_loop(), asyncio.Protocol, listening, lambda: context, has_room=has_room
            )
            try:
                await asyncio.wait_for(full.wait(), PATIENCE)
                return len(listener._tasks)
            finally:
                listener.close()
                for caller in callers:
                    caller.close()
                for task in [*listener._tasks]:
                    task.cancel()

    assert asyncio.run(run()) == 2
    assert max(seen) == 2


@pytest.mark.row("S4.7")
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_a_connection_that_sends_no_request_is_closed(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """A connection on which nothing comes, or half a request, ends; one that was answered stays."""
    monkeypatch.setattr(worker_module, "SILENT_SECONDS", 0.2)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def run() -> tuple[bytes, bool]:
        loop = asyncio.get_running_loop()
        config = Config()
        config.set("keepalive", 15)
        worker: Any = SimpleNamespace(
            cfg=config,
            log=Logger(config),
            loop=loop,
            nr_conns=0,
            nr=0,
            max_requests=10**9,
            alive=True,
            asgi=app,
            state={},
        )
        with closing(_listening()) as listening:
            address = listening.getsockname()
            listener = Listener(loop, lambda: ASGIProtocol(worker), listening, None, has_room=lambda _greeted: True)
            reader, writer = await asyncio.open_connection(*address)
            other, asks = await asyncio.open_connection(*address)
            writer.write(said)
            asks.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait_for(other.readuntil(b"ok"), PATIENCE)
            ended = await asyncio.wait_for(reader.read(), PATIENCE)
            asks.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            stays = (await asyncio.wait_for(other.readuntil(b"ok"), PATIENCE)).endswith(b"ok")
            listener.close()
            for each in (writer, asks):
                each.close()
                await each.wait_closed()
        return ended, stays

    ended, stays = asyncio.run(run())
    assert ended == b""
    assert stays
