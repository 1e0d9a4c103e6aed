"""How answers and refusals are written as HTTP."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

from werkzeug.wrappers import Response

from serverkit.http.operations import JSON
from serverkit.ids import new_id
from serverkit.log import get_logger
from serverkit.storage import disk_of
from serverkit.wsgi import PROBLEM, problem_body


def problem(status: int, code: str, detail: str, remedy: str) -> Response:
    """A problem (RFC 9457) with a stable code and what to do about it."""
    return Response(problem_body(status, code, detail, remedy, {}), status, content_type=PROBLEM)


def encoded(value: object) -> bytes:
    """A value as the interface shows it; the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def etag_of(body: bytes) -> str:
    """The mark of a representation."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def good(media: str, value: Any, *, marked: bool) -> Response:
    """A success."""
    if isinstance(value, Iterator):  # a large file is sent while it is read, a part at a time
        return Response(value, 200, content_type=media)
    body = encoded(value) if media == JSON else bytes(value)
    found = Response(body, 200, content_type=media)
    if marked:
        found.headers["ETag"] = etag_of(body)
    return found


def nowhere(methods: Sequence[str]) -> Response:
    """Nothing at this address, or nothing for this method."""
    if not methods:
        return problem(404, "not_found", "There is nothing at this address.", "Read the description of the interface.")
    allowed = ", ".join(methods)
    found = problem(405, "method_not_allowed", f"This address takes {allowed}.", "Use one of these methods.")
    found.headers["Allow"] = allowed
    return found


def refusal(error: Exception) -> Response:
    """A refusal as a problem."""
    status = int(getattr(error, "status", 400))
    found = problem(
        status,
        str(getattr(error, "code", "error")),
        str(getattr(error, "message", "") or error),
        str(getattr(error, "remedy", "")),
    )
    if status == 401:
        found.headers["WWW-Authenticate"] = "Bearer"
    if status in {429, 503}:
        wait = getattr(error, "fields", {}).get("wait", 5)
        found.headers["Retry-After"] = str(wait)
    return found


def failed(error: Exception) -> Response:
    """A fault of the server: the cause goes to its log, the caller gets a reference. A full disk is a refusal."""
    known = disk_of(error)
    if known is not None:
        return refusal(known)
    reference = log_failure("request_failed", error)
    message, remedy = f"The server failed (reference {reference}).", "Try again; tell the administrator the reference."
    return problem(500, "internal_error", message, remedy)


def log_failure(event: str, error: Exception) -> str:
    """Log a fault of the program; returns the reference for the caller."""
    reference, trace = new_id()[:12], "".join(traceback.format_exception(error))
    get_logger().error(event, reference=reference, cause=type(error).__name__, trace=trace)
    return reference
