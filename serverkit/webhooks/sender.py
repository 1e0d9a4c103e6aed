"""Carries one delivery to its receiver: to a checked address, without redirects, with an end.

The name of the receiver is resolved once, every address that it has is checked, and the connection goes to one of those
addresses: a name that means another address a moment later leads nowhere else.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Timer
from urllib.parse import urlsplit

from serverkit.called_addresses import Network, refusal_of
from serverkit.endpoints import EndpointError, read_host
from serverkit.errors import InvalidInputError
from serverkit.outward import cause_of, client_context
from serverkit.webhooks.errors import WebhookAddressError, WebhookFailedError

PORTS = {"https": 443, "http": 80}
SECONDS = 10.0
LONGEST_URL = 1000


def check_url(text: str) -> str:
    """The address of a receiver as it is called; InvalidInputError for what is none."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text or len(text) > LONGEST_URL:
        raise InvalidInputError("the address of a receiver has at most 1000 letters of ASCII and no blanks")
    try:
        parts = urlsplit(text)
        if parts.scheme not in PORTS:
            raise EndpointError("the address of a receiver begins with https://")
        if "@" in parts.netloc or "#" in text:
            raise EndpointError("the address of a receiver has no user name, no password and no fragment")
        read_host(parts.netloc, PORTS[parts.scheme])
    except ValueError as error:
        raise InvalidInputError("{said}", said=str(error)) from error
    return text


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allowed: Sequence[Network],
    authorities: str = "",
    seconds: float = SECONDS,
) -> int:
    """Send a delivery; the status of the answer, of which nothing else is read.

    WebhookAddressError for an address that is not called, WebhookFailedError for whatever else was not taken with 2xx.
    """
    parts = urlsplit(check_url(url))
    host, port = read_host(parts.netloc, PORTS[parts.scheme])
    late, held = Event(), [*_connected(host, port, allowed, seconds, plain=parts.scheme == "http")]

    def end() -> None:
        late.set()
        for one in held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        if parts.scheme == "https":
            context = client_context(authorities)
            secure = context.wrap_socket(held[0], server_hostname=host, do_handshake_on_connect=False)
            held.append(secure)
            secure.do_handshake()
        status = _asked(http.client.HTTPConnection(host, port), held[-1], parts.path or "/", parts.query, headers, body)
    except (OSError, http.client.HTTPException) as error:
        met = TimeoutError() if late.is_set() else error
        cause = cause_of(met, host, port, seconds) if isinstance(met, OSError) else "the answer is not HTTP"
        raise WebhookFailedError("{cause}", cause=cause) from error
    finally:
        timer.cancel()
        for one in reversed(held):
            one.close()
    if 300 <= status < 400:
        raise WebhookFailedError("the receiver answered {status}; redirects are not followed", status=status)
    if not 200 <= status < 300:
        raise WebhookFailedError("the receiver answered {status}", status=status)
    return status


def _asked(
    connection: http.client.HTTPConnection,
    way: socket.socket | ssl.SSLSocket,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> int:
    connection.sock = way
    connection.default_port = connection.port
    target = f"{path}?{query}" if query else path
    connection.request("POST", target, body, {**headers, "Connection": "close", "Host": _named(connection)})
    with connection.getresponse() as answer:
        return answer.status


def _named(connection: http.client.HTTPConnection) -> str:
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return host if connection.port in PORTS.values() else f"{host}:{connection.port}"


def _connected(
    host: str, port: int, allowed: Sequence[Network], seconds: float, *, plain: bool
) -> tuple[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cause = cause_of(error, host, port, seconds) if isinstance(error, OSError) else f"the name {host} is not known"
        raise WebhookFailedError("{cause}", cause=cause) from error
    for *_, address in found:
        refusal = refusal_of(str(address[0]), allowed, plain=plain)
        if refusal is not None:
            raise WebhookAddressError("{host} is not called: {refusal}", host=host, refusal=refusal)
    failure: OSError = socket.gaierror()
    for family, kind, protocol, _, address in found[:4]:
        way = socket.socket(family, kind, protocol)
        way.settimeout(seconds)
        try:
            way.connect(address)
        except OSError as error:
            way.close()
            failure = error
            continue
        return (way,)
    cause = cause_of(failure, host, port, seconds)
    raise WebhookFailedError("{cause}", cause=cause) from failure
