"""Synchronization over HTTPS: the same signed files as by hand; the signature is the credential (row C11.2)."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from werkzeug.wrappers import Response

from central.actions.synchronization import check_first_line, check_lines, import_network_request
from central.runtime import Central
from exchange.errors import ExchangeError, MalformedError, TooLargeError
from exchange.limits import ENVELOPE_LINE_BYTES, HEADER_BYTES, ROOT_LINE_BYTES, SYNC_FILE_BYTES
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import DatabaseFailure
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError, UploadTooLargeError
from serverkit.http.answers import failed, nowhere, problem
from serverkit.http.app import Url, View
from serverkit.http.operations import Access
from serverkit.http.request import Request, current_request
from serverkit.log import get_logger
from serverkit.wsgi import announced_bytes, is_chunked

FAMILY, PATH = "sync", "/sync/v1/request"
_ACTOR = Actor(ActorKind.SATELLITE, "satellite", "satellite")
_SPOOL, _CHUNK = 1024 * 1024, 256 * 1024
STATUS = {"unknown_issuer": 401, "not_authorized": 403, "superseded": 409, "fork": 409, "resync_required": 409}


class SyncEndpoint:
    """Receives a request file and answers with the response file."""

    def __init__(self, server: Central) -> None:
        """Serve one central."""
        self._made = server
        self._limiter = FailureLimiter(server.settings.server.failures_a_minute, server.clock.now)

    @property
    def urls(self) -> list[tuple[Url, View]]:
        """The one address."""
        return [(url, self.answer) for url in sync_urls()]

    def route(self, path: str) -> str | None:
        """The one address."""
        return path if path == PATH else None

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Another method."""
        return nowhere(methods)

    def refuse(self, error: Exception) -> Response:
        """A problem; refused files are counted, and slowed."""
        if isinstance(error, ExchangeError):
            self._limiter.count(current_request().address)
            return problem(STATUS.get(error.code, 400), error.code, error.message, error.remedy)
        if isinstance(error, AppError):
            return problem(error.status, error.code, error.message, error.remedy)
        return failed(error)

    def answer(self) -> Response:
        """Answer a request."""
        request = current_request()
        wait = self._limiter.wait_seconds(request.address)
        if wait:
            slow = problem(429, "too_many_failures", "Too many refused files from this address.", "Wait and try again.")
            slow.headers["Retry-After"] = str(wait)
            return slow
        if (announced_bytes(request.environ) or 0) > SYNC_FILE_BYTES:
            return problem(413, "too_large", "The file is larger than any request.", "Synchronize more often.")
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            self._take_in(_Coming(request, spool), request)
            return self._received(spool, request.address)

    def _take_in(self, coming: _Coming, request: Request) -> None:
        """Receive a file in steps, each after the previous one is valid: satellite, signature, then the body."""
        first = coming.lines(1, HEADER_BYTES + 1)
        if first is not None:
            satellite = check_first_line(self._made, _ACTOR, first.rstrip(b"\n"))
            most = HEADER_BYTES + ROOT_LINE_BYTES + ENVELOPE_LINE_BYTES + 3
            request.allow(most, "")  # it is not known yet who sends this
            head = coming.lines(3, most)
            if head is not None:
                total = check_lines(self._made, _ACTOR, io.BytesIO(head))
                request.allow(total, satellite)
        coming.rest(SYNC_FILE_BYTES)

    def _received(self, spool: Any, address: str) -> Response:
        @contextmanager
        def reopened() -> Iterator[BinaryIO]:
            spool.seek(0)
            yield spool

        try:
            response = import_network_request(self._made, _ACTOR, reopened, address)
        except DatabaseFailure as error:
            get_logger().error("sync_failed", cause=type(error).__name__)
            return problem(500, "internal_error", "The server failed.", "Try again; nothing was taken in.")
        found = Response(response.data, content_type="application/octet-stream")
        found.headers["X-Outcome"] = response.view["outcome"]
        found.headers["X-Counts"] = json.dumps(response.view["counts"], sort_keys=True)
        return found


def sync_urls() -> list[Url]:
    """The row of the address in the URL table."""
    return [Url(FAMILY, "POST", PATH, Access.SIGNED_FILE, import_network_request, "C11.2")]


class _Coming:
    """A file that is being received."""

    def __init__(self, request: Request, spool: Any) -> None:
        environ = request.environ
        self._spool, stream = spool, environ["wsgi.input"]
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        length = announced_bytes(environ)
        self._left = length if length is not None else SYNC_FILE_BYTES + 1 if is_chunked(environ) else 0
        self._head = b""

    def lines(self, count: int, most_bytes: int) -> bytes | None:
        """The first lines, with their ends; None for a file that ends before, TooLargeError for longer ones."""
        while self._head.count(b"\n") < count:
            if len(self._head) > most_bytes:
                raise (
                    MalformedError("the first line does not end") if count == 1 else TooLargeError("a line is too long")
                )
            if not (data := self._more()):
                return None
            self._head += data
        at = 0
        for _ in range(count):
            at = self._head.index(b"\n", at) + 1
        return self._head[:at]

    def rest(self, most_bytes: int) -> None:
        """Receive the rest."""
        while self._more():
            if self._spool.tell() > most_bytes:
                raise UploadTooLargeError("more than {most_bytes} bytes were sent", most_bytes=most_bytes)

    def _more(self) -> bytes:
        data: bytes = self._read(min(_CHUNK, self._left)) if self._left else b""
        self._spool.write(data)
        self._left -= len(data)
        return data
