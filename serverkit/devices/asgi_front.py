"""The ASGI front of a server: one event loop serves all connections, one thread settles device messages.

Device messages are settled in batches, and waiting costs no thread. The loop answers health checks itself; everything else goes to the WSGI application, in threads of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ

from serverkit.db.group import MOST_TOGETHER, PATIENCE_SECONDS
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
from serverkit.devices.messages import PREFIX, DeviceHttp, Handled, failed
from serverkit.errors import (
    AppError,
    DatabaseBusyError,
    RequestMalformedError,
    RequestTimeoutError,
    UploadTooLargeError,
)
from serverkit.wsgi import MOST_DIGITS, OF_EACH_ANSWER, Response, StartResponse, WsgiApp

LEAN = (PREFIX, "/healthz", "/readyz")
AGAIN_SECONDS = 0.004
SWEEP_SECONDS = 1.0
TELL_SECONDS = 43_200.0
MOST_TOLD = 100
READY_SECONDS = 0.25

M = TypeVar("M")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Application:
    """The application of a server: devices and health on the fast path, the rest behind it. It is WSGI as it stands."""

    devices: DeviceHttp
    rest: WsgiApp
    reached_as: Callable[[str], None] | None = None
    """Told the Host header of a device whose message was taken, now and then."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO", ""))
        # People who open the bare address get the console, programs what they may ask for.
        lean = path.startswith(LEAN) or (path == "/" and "text/html" not in str(environ.get("HTTP_ACCEPT", "")))
        return (self.devices if lean else self.rest)(environ, start_response)


class Batcher(Generic[M, R]):
    """Brings what many connections ask for into groups, one after the other, each in one call of a thread."""

    def __init__(self, settle: Callable[[Sequence[M]], list[R | BaseException]]) -> None:
        """`settle` does a group and says for each what came of it; it may block."""
        self._settle = settle
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._waiting: deque[tuple[float, M, asyncio.Future[R]]] = deque()
        self._busy = False
        self._sweeping = False
        self._enough = 0
        self._moment: asyncio.TimerHandle | None = None

    async def ask(self, message: M) -> R:
        """Have a message settled; DatabaseBusyError when its turn does not come in time."""
        future: asyncio.Future[R] = self._loop.create_future()
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
        return await future

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
            work = self._loop.run_in_executor(self._thread, self._settle, [message for _, message, _ in group])
        except RuntimeError as error:  # the machine gives no thread: the next message tries again
            work = self._loop.create_future()
            work.set_exception(error)
        work.add_done_callback(lambda done: self._done(futures, done))

    def _done(self, futures: list[asyncio.Future[R]], done: asyncio.Future[list[R | BaseException]]) -> None:
        failed = done.exception()
        results = [failed] * len(futures) if failed is not None else done.result()
        for future, result in zip(futures, results, strict=True):
            if future.done():
                continue  # the caller is gone
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        # Anyone who was answered now comes again in a moment, and a group costs as much for two as for ten: so those that
        # wait are joined by most of them, rather than that two halves take turns for ever.
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


class _GoneError(Exception):
    """The caller closed the connection in the middle of a message: there is nobody to answer and nothing to count."""


class AsgiFront:
    """The ASGI application of one process."""

    def __init__(self, application: Application, *, threads: int, behind_proxy: bool) -> None:
        """`threads` serve what is not a device message; `behind_proxy`: the caller is who the proxy says."""
        self._devices = application.devices
        rest = self._app = from_loop(application, behind_proxy=behind_proxy)
        self._bodies = Bodies()
        self._asking = ThreadPoolExecutor(4, thread_name_prefix="asking")
        self._rest = WSGIMiddleware(rest, workers=threads)  # type: ignore[arg-type]  # WSGI by another name
        self._checks = ThreadPoolExecutor(2, thread_name_prefix="checks")
        self._ready: asyncio.Future[Response] | None = None
        self._ready_at = 0.0
        self._behind_proxy = behind_proxy
        self._reached_as = None if behind_proxy else application.reached_as
        self._told: dict[str, float] = {}
        self._batcher: Batcher[tuple[str, bytes], Handled] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = str(scope.get("path", "")), scope.get("method")
        if scope["type"] == "http" and path.startswith(LEAN):
            if method == "POST":
                with suppress(_GoneError):
                    await send_response(send, await self._message(path, scope, receive))
                return
            if path == "/healthz" and method in {"GET", "HEAD"}:
                await send_response(send, self._devices.look(path), head=method == "HEAD")
                return
            if path == "/readyz" and method in {"GET", "HEAD"}:
                await send_response(send, await self._readiness(), head=method == "HEAD")
                return
        if not has_body(scope):
            await self._rest(scope, receive, send)  # type: ignore[arg-type]  # the same by other names
            return
        upload = Upload(receive)
        try:
            found = await self._take_in(upload, scope)
            if found is None:
                scope["perigee.input"] = upload.rewind()
                await self._rest(scope, receive, send)  # type: ignore[arg-type]  # the same by other names
            else:
                await send_response(send, found)
                await linger(upload)
        finally:
            upload.close()

    async def _readiness(self) -> Response:
        """The results of the checks; concurrent callers share one answer, since each check writes."""
        loop = asyncio.get_running_loop()
        if self._ready is None or (self._ready.done() and loop.time() - self._ready_at > READY_SECONDS):
            self._ready_at = loop.time()
            self._ready = loop.run_in_executor(self._checks, self._devices.look, "/readyz")
        return await asyncio.shield(self._ready)

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
        except AppError as error:
            return failed(error)

    def _ask(self, upload: Upload, scope: Scope) -> Response | None:
        """The application's answer to the beginning of a body; None if it reads on."""
        environ: dict[str, Any] = dict(build_environ(scope, Probe(upload.rewind())))  # type: ignore[arg-type]  # the same by other names
        environ["perigee.allow"] = upload.allow
        seen: list[Any] = []
        try:
            body = b"".join(self._app(environ, lambda status, headers: seen.extend((status, headers))))
        except BodyWanted:
            return None
        headers = {name.lower(): value for name, value in seen[1]}
        own = [(name, value) for name, value in seen[1] if name.lower() not in OF_EACH_ANSWER]
        return Response(int(seen[0].split(" ", 1)[0]), body, headers.get("content-type", ""), own)

    async def _message(self, path: str, scope: Scope, receive: Receive) -> Response:
        address = address_of(scope, behind_proxy=self._behind_proxy)
        refused = self._devices.refuse(path, address)
        if refused is not None:
            return refused
        try:
            data = await self._body(scope, receive, address)
            if self._batcher is None:
                self._batcher = Batcher(self._devices.handle_all)
            with self._devices.place():
                found = self._devices.respond(address, await self._batcher.ask((path.removeprefix(PREFIX), data)))
            if found.status == 200 and self._reached_as is not None:
                self._tell(self._reached_as, header_of(scope, b"host"))
            return found
        except _GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of the program is said like any other failure
            return failed(error)

    async def _body(self, scope: Scope, receive: Receive, address: str) -> bytes:
        """A message; UploadTooLargeError before more than any message has is taken in."""
        most_bytes = self._devices.most_bytes
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
                    raise _GoneError
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                if size > most_bytes:
                    raise UploadTooLargeError("more than {most_bytes} bytes were sent", most_bytes=most_bytes)
                more = message.get("more_body", False)

        await self._bodies.soon(work, address)
        return b"".join(parts)

    def _tell(self, reached_as: Callable[[str], None], host: str) -> None:
        """Pass on what devices call this server, each name once in a while: certificates are compared with it."""
        loop = asyncio.get_running_loop()
        last = self._told.get(host)
        if last is None and len(self._told) >= MOST_TOLD:
            return
        if last is None or loop.time() - last > TELL_SECONDS:
            self._told[host] = loop.time()
            loop.run_in_executor(None, reached_as, host)
