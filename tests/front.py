"""Requests to a server in this process, through the front that serves in production: the same loop, batcher and threads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Thread
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from serverkit.devices.asgi_front import Application, AsgiFront
from serverkit.devices.messages import DeviceHttp
from serverkit.wsgi import Response, StartResponse

Answer = tuple[int, dict[str, str], bytes]
_FRONTS: WeakKeyDictionary[Application, AsgiFront] = WeakKeyDictionary()


@cache
def loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, in a thread of its own."""
    made = asyncio.new_event_loop()
    made.set_default_executor(ThreadPoolExecutor(2))
    Thread(target=made.run_forever, name="front", daemon=True).start()
    return made


def _nothing(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    return Response(404, b"only devices are served here").send(_environ, start_response)


def front_of(devices: DeviceHttp[Any], *, behind_proxy: bool = False) -> AsgiFront:
    """The front of a server that answers devices alone."""
    return AsgiFront(Application(devices, _nothing), threads=1, behind_proxy=behind_proxy)


def whole_front(application: Application) -> AsgiFront:
    """The front of a whole server, one for each."""
    if application not in _FRONTS:
        _FRONTS[application] = AsgiFront(application, threads=2, behind_proxy=False)
    return _FRONTS[application]


def ask(
    front: AsgiFront, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """Send a request and wait for its answer: status, headers (lower case) and body. Any thread may ask."""
    target, _, query = path.partition("?")
    sent = {"content-type": "application/json", "content-length": str(len(body)), "host": "localhost"}
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "https",
        "method": method,
        "path": unquote(target),
        "raw_path": target.encode("utf-8"),
        "root_path": "",
        "query_string": query.encode("utf-8"),
        "headers": [(name.encode("latin-1"), value.encode("utf-8")) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 443),
    }
    return asyncio.run_coroutine_threadsafe(_asked(front, scope, body), loop()).result(600)


async def _asked(front: AsgiFront, scope: dict[str, Any], body: bytes) -> Answer:
    parts = [{"type": "http.request", "body": body, "more_body": False}]
    said: list[Any] = []
    silent = asyncio.get_running_loop().create_future()

    async def receive() -> Any:
        return parts.pop() if parts else await silent  # no one hangs up

    async def send(message: Any) -> None:
        said.append(message)

    await front(scope, receive, send)
    silent.cancel()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in said[0]["headers"]}
    return said[0]["status"], headers, b"".join(message.get("body", b"") for message in said[1:])
