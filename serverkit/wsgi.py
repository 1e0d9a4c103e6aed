"""What the lean path answers devices with, and what it shares with Flask: bounded bodies, safe headers, problems."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from serverkit.errors import RequestMalformedError, UploadTooLargeError

Environ: TypeAlias = Mapping[str, Any]
ADMITTED, BROKEN = "perigee.admitted", "perigee.broken"
"""What the front says of a body: as whom its beginning was admitted; why it did not come whole."""
MOST_DIGITS = 18
_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
PROBLEM = "application/problem+json"
StartResponse: TypeAlias = Callable[..., Any]
WsgiApp: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

SAFE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


OF_EACH_ANSWER = frozenset({"content-type", "content-length"})
"""Headers that a Response adds itself, whatever it is given; the safe ones only where it has none of that name."""
_RAW_FIXED = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS]


@dataclass(slots=True)
class Response:
    """What is sent back."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)

    def send(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send it; a HEAD request gets the headers only."""
        phrase = HTTPStatus(self.status).phrase
        headers = [("Content-Type", self.content_type), ("Content-Length", str(len(self.body)))]
        own = {name.lower() for name, _ in self.headers}
        safe = [(name, value) for name, value in SAFE_HEADERS if name.lower() not in own]
        start_response(f"{self.status} {phrase}", [*headers, *safe, *self.headers])
        return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else self.body]

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The same headers as ASGI wants them."""
        found = [(b"content-type", self.content_type.encode()), (b"content-length", str(len(self.body)).encode())]
        if not self.headers:
            return found + _RAW_FIXED
        own = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        names = {name for name, _ in own}
        found += [(name, value) for name, value in _RAW_FIXED if name not in names]
        found += own
        return found


def json_response(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())


def problem(status: int, code: str, detail: str, remedy: str, *, extra: Mapping[str, object] | None = None) -> Response:
    """A problem (RFC 9457) with a stable code and what to do about it."""
    return Response(status, problem_body(status, code, detail, remedy, extra or {}), PROBLEM)


def problem_body(status: int, code: str, detail: str, remedy: str, extra: Mapping[str, object]) -> bytes:
    """The body of a problem; `extra` are members of its own."""
    body = {
        "type": f"urn:perigee:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "remedy": remedy,
        **extra,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()


def is_well_encoded(target: bytes) -> bool:
    """Whether what follows each percent sign of an address is two digits, and all of it is UTF-8 text without NUL."""
    if b"%" not in target:
        return True
    if _BROKEN_PERCENT.search(target):
        return False
    data = unquote_to_bytes(target)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def announced_bytes(environ: Environ) -> int | None:
    """The length that a request announces, None where it does not; RequestMalformedError for what is not a length."""
    text = str(environ.get("CONTENT_LENGTH") or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > MOST_DIGITS:
        raise RequestMalformedError("Content-Length is not a length")
    return int(text)


def is_chunked(environ: Environ) -> bool:
    """Whether a body comes of which no one said how long it is."""
    return bool(environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING"))


def read_body(environ: Environ, most_bytes: int) -> bytes:
    """The request's body; UploadTooLargeError before more than `most_bytes` is taken in."""
    length = announced_bytes(environ)
    if length is not None:
        if length > most_bytes:
            raise UploadTooLargeError(
                "{length} bytes were announced; {most_bytes} are allowed", length=length, most_bytes=most_bytes
            )
        data: bytes = environ["wsgi.input"].read(length)
        return data
    if is_chunked(environ):
        data = environ["wsgi.input"].read(most_bytes + 1)
        if len(data) > most_bytes:
            raise UploadTooLargeError("more than {most_bytes} bytes were sent", most_bytes=most_bytes)
        return data
    return b""
