"""A lean HTTP edge for signed messages: bounded bodies, one address an operation, failures rate limited."""

from __future__ import annotations

import json
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import Any, TypeAlias

from serverkit.devices.health import CheckCall, answer_health
from serverkit.errors import AppError, DatabaseBusyError
from serverkit.ids import new_id
from serverkit.log import get_logger
from serverkit.wsgi import Response, StartResponse, json_response, problem, read_body

Handled: TypeAlias = tuple[int, bytes | None, str | None, str, str]
PREFIX = "/device/v1/"
ADDRESSES = 10_000
RETRY_SECONDS = 5


class FailureLimiter:
    """Counts refused messages by address: only refused messages are rate limited."""

    def __init__(self, a_minute: int, now: Callable[[], datetime]) -> None:
        """At most `a_minute` failures in a minute from one address."""
        self._most = a_minute
        self._now = now
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, address: str) -> int:
        """How long an address has to wait; 0 for not at all."""
        if address not in self._counts:
            return 0  # almost all callers: the time is not even read
        with self._lock:
            start, count = self._counts.get(address, (self._now(), 0))
            left = (start + timedelta(minutes=1) - self._now()).total_seconds()
            return max(1, int(left)) if count >= self._most and left > 0 else 0

    def count(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            start, count = self._counts.pop(address, (self._now(), 0))
            if self._now() - start >= timedelta(minutes=1):
                start, count = self._now(), 0
            self._counts[address] = (start, count + 1)
            while len(self._counts) > ADDRESSES:
                self._counts.popitem(last=False)


@dataclass
class DeviceHttp:
    """Answers devices; `handle_all` does messages (operation, bytes) together and says for each what came of it."""

    operations: frozenset[str]
    handle_all: Callable[[Sequence[tuple[str, bytes]]], list[Handled | BaseException]]
    checks: Mapping[str, CheckCall]
    openapi: bytes
    most_bytes: int
    failures_a_minute: int
    most_at_once: int
    now: Callable[[], datetime]
    limiter: FailureLimiter = field(init=False)
    places: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        """Create the rate limiter and the places."""
        self.limiter = FailureLimiter(self.failures_a_minute, self.now)
        self.places = BoundedSemaphore(self.most_at_once)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as a WSGI application."""
        return self._answer(environ).send(environ, start_response)

    def _answer(self, environ: dict[str, Any]) -> Response:
        path, method = str(environ.get("PATH_INFO", "")), str(environ.get("REQUEST_METHOD", ""))
        if method in {"GET", "HEAD"}:
            return self.look(path)
        if method != "POST":
            known = path.removeprefix(PREFIX) in self.operations
            return _takes_post() if known else _nothing_here()
        address = str(environ.get("REMOTE_ADDR", ""))
        refused = self.refuse(path, address)
        if refused is not None:
            return refused
        try:
            message = path.removeprefix(PREFIX), read_body(environ, self.most_bytes)
            with self.place():
                return self.respond(address, self.handle_all([message])[0])
        except Exception as error:  # noqa: BLE001 - a fault of the program is said like any other failure
            return failed(error)

    def look(self, path: str) -> Response:
        """The answer to who only looks."""
        found = answer_health(path, self.checks)
        if found is not None:
            return found
        if path == PREFIX + "openapi.json":
            return Response(200, self.openapi)
        if path.removeprefix(PREFIX) in self.operations:
            return _takes_post()
        if path == "/":
            return json_response({"product": "Perigee", "health": "/readyz", "device_api": PREFIX + "openapi.json"})
        return _nothing_here()

    def refuse(self, path: str, address: str) -> Response | None:
        """Why a message is not even read; None to go on."""
        if not path.startswith(PREFIX) or path.removeprefix(PREFIX) not in self.operations:
            return _nothing_here()
        wait = self.limiter.wait_seconds(address)
        if not wait:
            return None
        slow = problem(429, "too_many_failures", "Too many refused messages from this address.", "Wait and try again.")
        slow.headers.append(("Retry-After", str(wait)))
        return slow

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for messages that wait; DatabaseBusyError at once when all are taken."""
        if not self.places.acquire(blocking=False):
            raise DatabaseBusyError("the server has more messages than it can take")
        try:
            yield
        finally:
            self.places.release()

    def respond(self, address: str, handled: Handled | BaseException) -> Response:
        """Say what came of a message; refusals are counted against the address."""
        if isinstance(handled, BaseException):
            return failed(handled)
        status, answer, code, message, remedy = handled
        if status == 200 and answer is not None:
            return Response(200, answer)
        self.limiter.count(address)
        extra = {"answer": json.loads(answer)} if answer is not None else {}
        return problem(status, code or "refused", message, remedy, extra=extra)


def _nothing_here() -> Response:
    return problem(404, "not_found", "There is nothing at this address.", "Check the address.")


def _takes_post() -> Response:
    return problem(405, "method_not_allowed", "This address takes POST.", "Send the message with POST.")


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
