"""A lean HTTP edge for signed messages: bounded bodies, one address an operation, failures rate limited."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from serverkit.devices.asgi import Receive, Scope
from serverkit.devices.batcher import Batcher
from serverkit.devices.bodies import Bodies, CallerGoneError
from serverkit.devices.health import CheckCall, answer_health
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError
from serverkit.ids import new_id
from serverkit.log import get_logger
from serverkit.wsgi import Response, json_response, problem

PREFIX = "/device/v1/"
READY = "/readyz"
READY_SECONDS = 0.25
RETRY_SECONDS = 5


class Message(Protocol):
    """A message on its way through the server, as far as HTTP looks at it: what came of it."""

    error: BaseException | None
    status: int
    answer: bytes | None
    code: str | None
    message: str
    remedy: str


M = TypeVar("M", bound=Message)


@dataclass
class DeviceHttp(Generic[M]):
    """Answers devices and health checks.

    `received` makes a message of the operation and the bytes that came; `handle_all` handles a group of messages, notes
    on each what came of it, and returns when all is committed.
    """

    operations: frozenset[str]
    received: Callable[[str, bytes], M]
    handle_all: Callable[[Sequence[M]], None]
    checks: Mapping[str, CheckCall]
    openapi: bytes
    most_bytes: int
    failures_a_minute: int
    most_at_once: int
    now: Callable[[], datetime]
    limiter: FailureLimiter = field(init=False)
    batcher: Batcher[M] | None = field(init=False, default=None)
    """Made with the first message, in the loop of its process."""
    _readiness: asyncio.Future[Response] | None = field(init=False, default=None)
    _ready_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Make the limiter, and threads for the checks."""
        self.limiter = FailureLimiter(self.failures_a_minute, self.now)
        self._checking = ThreadPoolExecutor(2, thread_name_prefix="checks")

    async def take(self, scope: Scope, receive: Receive, bodies: Bodies, address: str) -> Response | None:
        """Take a message in and have it handled: its answer; None if the caller is gone."""
        op = str(scope["path"]).removeprefix(PREFIX)
        if op not in self.operations:
            return _nothing_here()
        wait = self.limiter.wait_seconds(address)
        if wait:
            return _too_many_failures(wait)
        try:
            message = self.received(op, await bodies.message(scope, receive, self.most_bytes, address))
            if self.batcher is None:
                self.batcher = Batcher(self.handle_all, self.most_at_once)
            await self.batcher.handle(message)
        except CallerGoneError:
            return None  # and no refusal is counted
        except Exception as error:  # noqa: BLE001 - a fault of the program is said like any other failure
            return failed(error)
        return self.respond(address, message)

    async def tell(self, path: str, method: str) -> Response:
        """The answer to any other method than POST: health, the description, or why there is none."""
        if method not in {"GET", "HEAD"}:
            return _takes_post() if path.removeprefix(PREFIX) in self.operations else _nothing_here()
        return await self._ready() if path == READY else self.look(path)

    async def _ready(self) -> Response:
        """The results of the checks; concurrent callers share one answer, since each check writes."""
        loop = asyncio.get_running_loop()
        if self._readiness is None or (self._readiness.done() and loop.time() - self._ready_at > READY_SECONDS):
            self._ready_at = loop.time()
            self._readiness = loop.run_in_executor(self._checking, self.look, READY)
        return await asyncio.shield(self._readiness)

    def look(self, path: str) -> Response:
        """The answer to GET."""
        found = answer_health(path, self.checks)
        if found is not None:
            return found
        if path == PREFIX + "openapi.json":
            return Response(200, self.openapi)
        if path.removeprefix(PREFIX) in self.operations:
            return _takes_post()
        if path == "/":
            return json_response({"product": "Perigee", "health": READY, "device_api": PREFIX + "openapi.json"})
        return _nothing_here()

    def respond(self, address: str, message: M) -> Response:
        """Say what came of a message; refusals are counted against the address."""
        if message.error is not None:
            return failed(message.error)
        if message.status == 200 and message.answer is not None:
            return Response(200, message.answer)
        self.limiter.count(address)
        extra = {"answer": json.loads(message.answer)} if message.answer is not None else {}
        return problem(message.status, message.code or "refused", message.message, message.remedy, extra=extra)


def _nothing_here() -> Response:
    return problem(404, "not_found", "There is nothing at this address.", "Check the address.")


def _too_many_failures(wait: int) -> Response:
    slow = problem(429, "too_many_failures", "Too many messages from this address were refused.", "Wait and try again.")
    slow.headers.append(("Retry-After", str(wait)))
    return slow


def _takes_post() -> Response:
    return problem(405, "method_not_allowed", "This address accepts only POST.", "Send the message with POST.")


def failed(error: BaseException) -> Response:
    """Say that a message could not be taken: too large, the server busy, or a fault of the program."""
    if isinstance(error, AppError) and error.status in {400, 408, 413, 429}:
        return problem(error.status, error.code, error.message, error.remedy)
    if isinstance(error, AppError) and error.status == 503:
        return _busy(error.code, error.message)
    return _failed(error)


def _busy(code: str, message: str) -> Response:
    found = problem(503, code, message, "Wait and try again.")
    found.headers.append(("Retry-After", str(RETRY_SECONDS)))
    return found


def _failed(error: BaseException) -> Response:
    reference = new_id()[:12]
    get_logger().error(
        "request_failed",
        reference=reference,
        cause=type(error).__name__,
        trace="".join(traceback.format_exception(error)),
    )
    return problem(
        500,
        "internal_error",
        f"The server failed (reference {reference}).",
        "Try again; tell the administrator the reference.",
    )
