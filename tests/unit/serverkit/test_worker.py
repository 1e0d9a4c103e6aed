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

import serverkit.devices.crowd as crowd_module
import serverkit.devices.worker as worker_module
from serverkit.devices.crowd import Crowd
from serverkit.devices.worker import Listener, crowd_of

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


class _Greeting(asyncio.Protocol):
    """Says something to whom it is connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hi")


@pytest.mark.row("S4.7")
@pytest.mark.parametrize("tls", [False, True])
def test_one_address_holds_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    """A further one is closed at once; the room of one that ended, or that never sent its greeting, is free again."""
    monkeypatch.setattr(crowd_module, "is_loopback", lambda _address: False)
    monkeypatch.setattr(worker_module, "GREETING_SECONDS", 0.05 if tls else PATIENCE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async def run() -> list[bytes]:
        loop, crowd = asyncio.get_running_loop(), Crowd(1)
        seen: list[bytes] = []
        with closing(_listening()) as listening:
            listener = Listener(
                loop, _Greeting, listening, (lambda: context) if tls else None, has_room=lambda _: True, crowd=crowd
            )
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*listening.getsockname())
                if not tls:
                    seen.append(await asyncio.wait_for(reader.readexactly(2), PATIENCE))
                    other, away = await asyncio.open_connection(*listening.getsockname())
                    seen.append(await asyncio.wait_for(other.read(), PATIENCE))
                    away.close()
                    writer.close()
                seen.append(await asyncio.wait_for(reader.read(), PATIENCE))
                writer.close()
                async with asyncio.timeout(PATIENCE):
                    while crowd.held:  # noqa: ASYNC110 - nothing tells when a descriptor is closed
                        await asyncio.sleep(0.001)
            listener.close()
        return seen

    assert asyncio.run(run()) == ([b"", b""] if tls else [b"hi", b"", b""] * 2)


@pytest.mark.row("S4.7")
def test_one_address_never_holds_more_than_half_of_a_process() -> None:
    """Whatever is set, room is left for others; a network of IPv6 is one address, this machine is none; 0 sets no bound."""
    assert [made.most if (made := crowd_of(wanted, 768)) else None for wanted in (256, 1000, 0)] == [256, 384, None]
    crowd = Crowd(1)
    with closing(socket.socket()) as one, closing(socket.socket()) as other, closing(socket.socket()) as near:
        assert crowd.take(near, "127.0.0.1") is near
        counted = crowd.take(one, "2001:db8::1")
        assert crowd.take(other, "2001:db8::2") is None
        assert other.fileno() == -1
        assert crowd.held == 1
        assert counted is not None
        counted.close()
        counted.close()
        assert crowd.held == 0
