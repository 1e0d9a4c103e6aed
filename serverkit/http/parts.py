"""Several interfaces behind one address: each is asked in turn whether a request is its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from serverkit.devices.messages import FailureLimiter
from serverkit.errors import BodyIncompleteError, RequestMalformedError, UploadTooLargeError
from serverkit.http.oauth import Grants, give_token, is_token_path
from serverkit.http.request import Request, read_request
from serverkit.wsgi import Environ, Response, problem

Part: TypeAlias = Callable[[Request], Response | None]
MOST_BYTES = 8 * 1024 * 1024
DRAINED_BYTES = 32 * 1024 * 1024


def token_part(grants: Grants, limiter: FailureLimiter) -> tuple[Part, ...]:
    """What gives tokens."""

    def part(request: Request) -> Response | None:
        return give_token(grants, limiter, request) if is_token_path(request.path) else None

    return (part,)


def answer_with(parts: Sequence[Part], environ: Environ) -> Response:
    """The answer of the first interface that the request belongs to."""
    request = read_request(environ, MOST_BYTES)
    found = _first(parts, request)
    if found.status >= 400:
        with suppress(BodyIncompleteError, RequestMalformedError):
            request.drain(DRAINED_BYTES)
    return found


def _first(parts: Sequence[Part], request: Request) -> Response:
    try:
        for part in parts:
            found = part(request)
            if found is not None:
                return found
    except (UploadTooLargeError, BodyIncompleteError, RequestMalformedError) as error:
        return problem(error.status, error.code, error.message, error.remedy)
    return problem(404, "not_found", "There is nothing at this address.", "Check the address.")
