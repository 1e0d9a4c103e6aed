"""What the server passes on of a request, and how an answer goes back to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from serverkit.wsgi import ADMITTED, Response, StartResponse, WsgiApp

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def has_body(scope: Scope) -> bool:
    """Whether a request brings a body."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0"))
        for name, value in scope.get("headers", ())
    )


def from_loop(app: WsgiApp, *, behind_proxy: bool) -> WsgiApp:
    """A WSGI application that gets what the adapter leaves out: the address as sent, and the caller.

    Behind a reverse proxy that is who the proxy says: the last address that it added.
    """

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        scope = environ.get("asgi.scope")
        if scope is not None:
            query = scope.get("query_string", b"")
            if "perigee.input" in scope:
                environ |= {"wsgi.input": scope["perigee.input"], "perigee.allow": lambda _most, _key: None}
                environ[ADMITTED] = scope.get(ADMITTED, "")
            environ["RAW_URI"] = (scope.get("raw_path", b"") + (b"?" + query if query else b"")).decode("latin-1")
        said = _last_of(str(environ.get("HTTP_X_FORWARDED_FOR", ""))) if behind_proxy else ""
        if said:
            environ["REMOTE_ADDR"] = said
        return app(environ, start_response)

    return answer


def _last_of(forwarded: str) -> str:
    return forwarded.rpartition(",")[2].strip()


def address_of(scope: Scope, *, behind_proxy: bool) -> str:
    """The caller; behind a reverse proxy the one that it names."""
    if behind_proxy:
        said = _last_of(header_of(scope, b"x-forwarded-for"))
        if said:
            return said
    client = scope.get("client")
    return str(client[0]) if client else ""


def header_of(scope: Scope, wanted: bytes) -> str:
    """A header, empty where there is none."""
    found = [value for name, value in scope.get("headers", ()) if name == wanted]
    return b",".join(found).decode("latin-1")


async def send_response(send: Send, response: Response, *, head: bool = False) -> None:
    """Send an answer; `head`: without its body."""
    await send({"type": "http.response.start", "status": response.status, "headers": response.raw_headers()})
    await send({"type": "http.response.body", "body": b"" if head else response.body})
