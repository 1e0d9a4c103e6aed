"""A request as handlers see it, whatever carried it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from chassis.web.wsgi import Environ, read_body


@dataclass(frozen=True, slots=True)
class Request:
    """Method, decoded path, query (last value wins), headers in lower case, body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header, or None."""
        kind, _, text = self.headers.get("authorization", "").partition(" ")
        return text.strip() if kind.lower() == "bearer" and text.strip() else None


def read_request(environ: Environ, most_bytes: int) -> Request:
    """Take a request in; UploadTooLargeError for a body that is larger than `most_bytes`."""
    headers = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    return Request(
        method=str(environ.get("REQUEST_METHOD", "GET")),
        path=_utf8(environ.get("PATH_INFO", "")),
        query=dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
        headers=headers,
        body=read_body(environ, most_bytes),
        address=str(environ.get("REMOTE_ADDR", "")),
    )


def _utf8(path: Any) -> str:
    # WSGI hands the decoded path over as Latin-1.
    try:
        return str(path).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return str(path)
