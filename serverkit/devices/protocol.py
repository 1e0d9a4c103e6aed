"""HTTP on one connection: what is not a request is refused in the server's own words, and no answer names its software."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import gunicorn.asgi.protocol
from gunicorn.asgi.parser import ParseError
from gunicorn.asgi.protocol import ASGIProtocol

from serverkit.log import get_logger
from serverkit.wsgi import is_well_encoded, problem

# The library adds this line to each answer that has no such header, and offers no setting for it.
gunicorn.asgi.protocol._CACHED_SERVER_HEADER = b""  # noqa: SLF001 - nothing else takes the line away

STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
_STRICT_RAW = (STRICT_TRANSPORT[0].lower().encode(), STRICT_TRANSPORT[1].encode())
_HOST = re.compile(rb"([A-Za-z0-9._~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
_REFUSALS = {
    400: ("request_malformed", "The request is not well-formed HTTP.", "Correct the client program."),
    414: ("address_too_long", "The address is longer than any address of this server.", "Shorten the address."),
    431: ("headers_too_large", "The headers are larger than this server accepts.", "Send fewer or shorter headers."),
    501: ("not_implemented", "The transfer encoding is not supported.", "Send the body plain or chunked."),
}
_FAILED = ("internal_error", "The server failed.", "Try again; tell the administrator when it was.")


class Protocol(ASGIProtocol):  # type: ignore[misc]  # the library ships no types
    """The protocol of a connection."""

    def _on_headers_complete(self) -> Any:
        parser = self._callback_parser
        if not is_well_encoded(parser.path):
            raise ParseError("the address is not encoded as UTF-8 with percent signs")
        if parser.http_version >= (1, 1):
            hosts = [value for name, value in parser.headers if name.lower() == b"host"]
            if len(hosts) != 1 or not _HOST.fullmatch(hosts[0].strip()):
                raise ParseError("Host is missing or no host")
        return super()._on_headers_complete()

    def _feed_callback_parser(self, data: bytes) -> bool:
        try:
            return bool(super()._feed_callback_parser(data))
        except Exception as error:  # noqa: BLE001 - whatever bytes do to the parser, they are no request
            get_logger().warning("request_malformed", cause=type(error).__name__)
            self._send_error_response(400, "")
            self._close_transport()
            return False

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        return False  # nothing here speaks it: the request is answered as any other

    def _send_response_start(self, status: int, headers: Iterable[Any], request: Any, close: bool = False) -> None:
        if request.scheme == "https":
            headers = [*headers, _STRICT_RAW]
        super()._send_response_start(status, headers, request, close)

    def _send_error_response(self, status: int, _message: str, extra_headers: Iterable[tuple[str, str]] = ()) -> None:
        """Say what the library found, as a problem and without quoting what was sent."""
        found = problem(status, *_REFUSALS.get(status, _FAILED))
        found.headers += [*extra_headers, ("connection", "close")]
        if self._is_ssl:
            found.headers.append(STRICT_TRANSPORT)
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in found.raw_headers())
        self._safe_write(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + lines + b"\r\n" + found.body)
