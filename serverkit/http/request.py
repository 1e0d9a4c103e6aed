"""Flask's request with what every interface needs: last query values, the token, bounded bodies as they come."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import BinaryIO, cast

import flask

from serverkit.errors import AppError, UploadTooLargeError
from serverkit.storage import of_file
from serverkit.wsgi import ADMITTED, BROKEN, announced_bytes, read_body

MOST_BYTES = 8 * 1024 * 1024
_CHUNK = 256 * 1024


class Request(flask.Request):
    """A request. `path` is the path as it is routed: still percent-encoded, so that a slash in a name is not a separator."""

    most_bytes = MOST_BYTES
    """How large a body `body` takes."""
    _touched = False

    @property
    def address(self) -> str:
        """Who calls, as the server knows it."""
        return self.remote_addr or ""

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query; of one that is repeated the last value."""
        return {name: values[-1] for name, values in self.args.lists()}

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header, or None."""
        shown = self.authorization
        return shown.token or None if shown is not None and shown.type == "bearer" else None

    @property
    def basic(self) -> tuple[str, str] | None:
        """Name and secret of Basic credentials, or None."""
        shown = self.authorization
        return (shown.username or "", shown.password or "") if shown is not None and shown.type == "basic" else None

    @cached_property
    def body(self) -> bytes:
        """The body; UploadTooLargeError for one that is larger than this server takes."""
        data = read_body(self.environ, self.most_bytes)
        self._touched = True
        return data

    def _load_form_data(self) -> None:
        """Read a form; nothing of it is left to be read away. DiskFullError where its files find no room."""
        try:
            super()._load_form_data()
        except OSError as error:
            raise of_file(error, "the upload") from error
        self._touched = True

    @property
    def admitted(self) -> str:
        """As whom the beginning of this body was admitted, when all of it has come; empty for one that is just coming."""
        return str(self.environ.get(ADMITTED, ""))

    @property
    def broken(self) -> AppError | None:
        """Why the body of this request did not come whole."""
        found = self.environ.get(BROKEN)
        return found if isinstance(found, AppError) else None

    def allow(self, most_bytes: int, key: str) -> None:
        """Say that this caller, known by `key`, may send so much; until then it is taken for a stranger."""
        allow = self.environ.get("perigee.allow")
        if allow is not None:
            allow(most_bytes, key)

    def drain(self, most_bytes: int) -> None:
        """Read away what no one looked at, if it is not too much: a client that is still sending hears no answer."""
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
            raise UploadTooLargeError(
                "{length} bytes were announced; {most_bytes} are allowed", length=length, most_bytes=most_bytes
            )
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
            raise UploadTooLargeError("more than {most_bytes} bytes were sent", most_bytes=most_bytes)


def current_request() -> Request:
    """The request that this thread answers."""
    return cast("Request", flask.request._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way to the object behind its proxy
