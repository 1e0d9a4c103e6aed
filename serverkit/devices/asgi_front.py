"""The ASGI front of a server: one event loop serves all connections.

Device messages and health checks take the fast path; everything else goes to the WSGI application, in threads of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from time import perf_counter
from typing import Any

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ

from serverkit.devices.asgi import (
    Receive,
    Scope,
    Send,
    address_of,
    from_loop,
    has_body,
    header_of,
    send_response,
)
from serverkit.devices.bodies import Bodies, BodyWanted, Probe, Upload, linger
from serverkit.devices.messages import PREFIX, READY, DeviceHttp, failed
from serverkit.devices.timing import Timing, is_wanted
from serverkit.errors import AppError, BodyIncompleteError, RequestTimeoutError, UploadTooLargeError
from serverkit.storage import end_if_unsure, of_file
from serverkit.wsgi import ADMITTED, BROKEN, OF_EACH_ANSWER, Response, WsgiApp

LEAN = (PREFIX, "/healthz", READY)
TELL_SECONDS = 43_200.0
MOST_TOLD = 100


def _wants_page(scope: Scope) -> bool:
    """People who open the bare address get the console, programs what they may ask for."""
    return "text/html" in header_of(scope, b"accept")


@dataclass(frozen=True, eq=False)
class Application:
    """The application of a server: devices and health on the fast path, the rest behind it."""

    devices: DeviceHttp[Any]
    rest: WsgiApp
    reached_as: Callable[[str], None] | None = None
    """Told the Host header of a device whose message was taken, now and then."""


class AsgiFront:
    """The ASGI application of one process."""

    def __init__(self, application: Application, *, threads: int, behind_proxy: bool) -> None:
        """`threads` serve what is not a device message; `behind_proxy`: the caller is who the proxy says."""
        self._devices = application.devices
        rest = self._rest_app = from_loop(application.rest, behind_proxy=behind_proxy)
        self._bodies = Bodies()
        self._asking = ThreadPoolExecutor(4, thread_name_prefix="asking")
        self._rest = WSGIMiddleware(rest, workers=threads)  # type: ignore[arg-type]  # WSGI by another name
        self._behind_proxy = behind_proxy
        self._reached_as = None if behind_proxy else application.reached_as
        self._told: dict[str, float] = {}
        self._timing = Timing() if is_wanted() else None
        if self._timing is not None:
            self._devices.handle_all = self._timing.settling(self._devices.handle_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        timing = self._timing
        if timing is None or scope["type"] != "http":
            await self._answer(scope, receive, send)
            return
        begun, seen = perf_counter(), [500]

        async def noting(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                seen[0] = int(message["status"])
            await send(message)

        try:
            await self._answer(scope, receive, noting)
        finally:
            timing.request(str(scope.get("path", "")), seen[0], perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and (path.startswith(LEAN) or (path == "/" and not _wants_page(scope))):
            method = scope["method"]
            if method != "POST":
                await send_response(send, await self._devices.tell(path, method), head=method == "HEAD")
                return
            address = address_of(scope, behind_proxy=self._behind_proxy)
            response = await self._devices.take(scope, receive, self._bodies, address)
            if response is not None:
                await send_response(send, response)
                if response.status == 200 and self._reached_as is not None:
                    self._tell(self._reached_as, header_of(scope, b"host"))
            return
        if not has_body(scope):
            await self._rest(scope, receive, send)  # type: ignore[arg-type]  # the same by other names
            return
        upload = Upload(receive)
        try:
            found = await self._take_in(upload, scope)
            if found is None:
                scope["perigee.input"], scope[ADMITTED] = upload.rewind(), upload.key
                await self._rest(scope, receive, send)  # type: ignore[arg-type]  # the same by other names
            else:
                await send_response(send, found)
                await linger(upload)
        finally:
            upload.close()

    async def _take_in(self, upload: Upload, scope: Scope) -> Response | None:
        """Receive a whole body, or a refusal."""
        address, late = address_of(scope, behind_proxy=self._behind_proxy), False
        try:
            while True:
                try:
                    await self._bodies.beginning(upload, upload.allowed, address)
                except RequestTimeoutError:
                    late = True
                if upload.complete:
                    return None
                asked = asyncio.get_running_loop().run_in_executor(self._asking, self._ask, upload, scope)
                found = await asked
                if found is not None:
                    return found
                if upload.key:
                    await self._bodies.rest(upload, self._asking)
                    return None
                if late:
                    raise RequestTimeoutError
                if upload.size > upload.allowed:
                    raise UploadTooLargeError("more than {allowed} bytes were sent", allowed=upload.allowed)
        except OSError as error:
            return await self._refusal(upload, scope, of_file(error, "the upload"))
        except AppError as error:
            return await self._refusal(upload, scope, error)

    async def _refusal(self, upload: Upload, scope: Scope, error: AppError) -> Response:
        """A refusal in the words of the application, for a caller whom it admitted."""
        end_if_unsure(error)
        if not upload.key or isinstance(error, BodyIncompleteError):
            return failed(error)
        asked = asyncio.get_running_loop().run_in_executor(self._asking, self._ask, upload, scope, error)
        return await asked or failed(error)

    def _ask(self, upload: Upload, scope: Scope, broken: AppError | None = None) -> Response | None:
        """The application's answer to the beginning of a body, or to a `broken` one; None if it reads on."""
        body = Probe(upload.rewind()) if broken is None else BytesIO()
        environ: dict[str, Any] = dict(build_environ(scope, body))  # type: ignore[arg-type]  # the same by other names
        environ["perigee.allow"] = upload.allow
        if broken is not None:
            environ |= {BROKEN: broken, "CONTENT_LENGTH": "0", "CONTENT_TYPE": ""}
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        seen: list[Any] = []
        try:
            answer = b"".join(self._rest_app(environ, lambda status, headers: seen.extend((status, headers))))
        except BodyWanted:
            return None
        headers = {name.lower(): value for name, value in seen[1]}
        own = [(name, value) for name, value in seen[1] if name.lower() not in OF_EACH_ANSWER]
        return Response(int(seen[0].split(" ", 1)[0]), answer, headers.get("content-type", ""), own)

    def _tell(self, reached_as: Callable[[str], None], host: str) -> None:
        """Pass on what devices call this server, each name once in a while: certificates are compared with it."""
        loop = asyncio.get_running_loop()
        last = self._told.get(host)
        if last is None and len(self._told) >= MOST_TOLD:
            return
        if last is None or loop.time() - last > TELL_SECONDS:
            self._told[host] = loop.time()
            loop.run_in_executor(None, reached_as, host)
