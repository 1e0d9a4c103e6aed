"""Synchronization over HTTPS: the same signed files as by hand; the signature is the credential (row C11.2)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from central.runtime import Central
from central.sync.receive_request import receive
from exchange.errors import ExchangeError
from exchange.limits import SYNC_FILE_BYTES
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import DatabaseFailure
from serverkit.devices.messages import FailureLimiter
from serverkit.errors import AppError
from serverkit.log import get_logger
from serverkit.wsgi import Response, StartResponse, problem

PATH = "/sync/v1/request"
_ACTOR = Actor(ActorKind.SATELLITE, "satellite", "satellite")
_SPOOL, _CHUNK = 1024 * 1024, 256 * 1024
STATUS = {"unknown_issuer": 401, "not_authorized": 403, "superseded": 409, "fork": 409, "resync_required": 409}


class SyncEndpoint:
    """Takes a request's file in and answers with the response's file."""

    def __init__(self, server: Central) -> None:
        """Serve one central."""
        self._made = server
        self._limiter = FailureLimiter(server.settings.server.failures_a_minute, server.clock.now)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(environ).send(environ, start_response)

    def _answer(self, environ: dict[str, Any]) -> Response:
        if environ.get("REQUEST_METHOD") != "POST":
            return problem(405, "method_not_allowed", "This address takes POST.", "Send the file with POST.")
        address = str(environ.get("REMOTE_ADDR", ""))
        wait = self._limiter.wait_seconds(address)
        if wait:
            slow = problem(429, "too_many_failures", "Too many refused files from this address.", "Wait and try again.")
            slow.headers.append(("Retry-After", str(wait)))
            return slow
        try:
            with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
                if not _take_in(environ, spool):
                    return problem(413, "too_large", "The file is larger than any request.", "Synchronize more often.")
                return self._received(spool, address)
        except AppError as error:
            return problem(error.status, error.code, error.message, error.remedy)

    def _received(self, spool: Any, address: str) -> Response:
        @contextmanager
        def reopened() -> Iterator[BinaryIO]:
            spool.seek(0)
            yield spool

        try:
            received = receive(self._made.database, self._made.keyring, _ACTOR, reopened, self._made.note_progress)
        except ExchangeError as error:
            self._limiter.count(address)
            return problem(STATUS.get(error.code, 400), error.code, error.message, error.remedy)
        except DatabaseFailure as error:
            get_logger().error("sync_failed", cause=type(error).__name__)
            return problem(500, "internal_error", "The server failed.", "Try again; nothing was taken in.")
        found = Response(200, received.data, "application/octet-stream")
        found.headers.append(("X-Outcome", received.facts["outcome"]))
        found.headers.append(("X-Counts", json.dumps(received.facts["counts"], sort_keys=True)))
        return found


def _take_in(environ: dict[str, Any], spool: Any) -> bool:
    """Copy the body; False when it is larger than a request can be."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    left = int(length) if length.isascii() and length.isdecimal() else 0
    if left > SYNC_FILE_BYTES:
        return False
    while left > 0:
        data = environ["wsgi.input"].read(min(_CHUNK, left))
        if not data:
            break
        spool.write(data)
        left -= len(data)
    return True
