"""A request as handlers see it, whatever carried it; its body is read when it is asked for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote

from serverkit.errors import UploadTooLargeError
from serverkit.wsgi import Environ, announced_bytes, read_body

_CHUNK = 256 * 1024


@dataclass(slots=True)
class Request:
    """Method, path, query (last value wins), headers in lower case.

    `path` is decoded; `raw_path` is as it was sent, so that a name with a slash or a percent sign in it can be told
    apart from two parts of an address.
    """

    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str
    environ: Environ = field(repr=False)
    most_bytes: int
    _body: bytes | None = field(default=None, repr=False)
    _touched: bool = False

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header, or None."""
        kind, _, text = self.headers.get("authorization", "").partition(" ")
        return text.strip() if kind.lower() == "bearer" and text.strip() else None

    @property
    def basic(self) -> tuple[str, str] | None:
        """Name and secret of Basic credentials, or None."""
        kind, _, text = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            name, colon, secret = base64.b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        return (name, secret) if colon else None

    @property
    def media(self) -> str:
        """The media type of the body, without its parameters; empty where none is named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def body(self) -> bytes:
        """The body; UploadTooLargeError for one that is larger than this server takes."""
        if self._body is None:
            self._body = read_body(self.environ, self.most_bytes)
            self._touched = True
        return self._body

    def allow(self, most_bytes: int, key: str) -> None:
        """Say that this caller, known by `key`, may send so much; until then it is taken for a stranger."""
        allow = self.environ.get("perigee.allow")
        if allow is not None:
            allow(most_bytes, key)

    def drain(self, most_bytes: int) -> None:
        """Read away what nobody looked at, if it is not too much: a client that is still sending hears no answer."""
        left = announced_bytes(self.environ) or 0
        if self._touched or left > most_bytes or "perigee.allow" in self.environ:
            return  # the front of the server hears such a client out itself
        while left > 0:
            data = self.environ["wsgi.input"].read(min(_CHUNK, left))
            if not data:
                return
            left -= len(data)

    def save(self, target: BinaryIO, most_bytes: int) -> None:
        """Copy the body piece by piece; UploadTooLargeError where it is larger than `most_bytes`."""
        length = announced_bytes(self.environ)
        known, left = length is not None, most_bytes + 1 if length is None else length
        if known and left > most_bytes:
            raise UploadTooLargeError(f"{length} bytes were announced; {most_bytes} are allowed")
        self._touched = True
        if not known and not self.environ.get("HTTP_TRANSFER_ENCODING"):
            return
        while left > 0:
            data = self.environ["wsgi.input"].read(min(_CHUNK, left))
            if not data:
                return
            target.write(data)
            left -= len(data)
        if not known:
            raise UploadTooLargeError(f"more than {most_bytes} bytes were sent")


def read_request(environ: Environ, most_bytes: int) -> Request:
    """Take a request in, without its body."""
    headers = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    path = _utf8(environ.get("PATH_INFO", ""))
    return Request(
        method=str(environ.get("REQUEST_METHOD", "GET")),
        path=path,
        raw_path=_raw(environ, path),
        query=dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
        headers=headers,
        address=str(environ.get("REMOTE_ADDR", "")),
        environ=environ,
        most_bytes=most_bytes,
    )


def _utf8(path: Any) -> str:
    # WSGI hands the decoded path over as Latin-1.
    try:
        return str(path).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return str(path)


def _raw(environ: Environ, path: str) -> str:
    # Servers agree on no name for it; where it is missing the decoded path is encoded again.
    text = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if text.lower().startswith(("http://", "https://")):
        _, slash, rest = text.partition("://")[2].partition("/")
        text = slash + rest
    return text.partition("?")[0] if text.startswith("/") else quote(path, safe="/:@!$&'()*+,;=~")
