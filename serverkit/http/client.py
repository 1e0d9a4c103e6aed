"""One HTTPS call with a bounded answer, on requests; each failure names the stage where it happened and why.

requests and urllib3 report many failures by one class, so the connections of `stages.py` name the stage while it is
known; what happens later is named here.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as failures

from serverkit.called_addresses import Network, refusal_of
from serverkit.endpoints import read_url
from serverkit.http.pins import plain_fingerprint
from serverkit.http.stages import CallFailedError, NamingContext, refuse_login, use_naming_pools

PORTS = {"https": 443, "http": 80}
PROXY_PORT = 3128
PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server is, how its certificate is checked, and through which proxy it is reached.

    `ca` is PEM text of the authorities to trust in place of the system's; `fingerprint` the SHA-256 of the server's own
    certificate, which is then the only thing that counts. With `allowed`, an address of an internal network is called only
    within those networks, and the whole call ends with its time.
    """

    url: str
    ca: str | None = None
    fingerprint: str | None = None
    proxy: str | None = None
    allowed: Sequence[Network] | None = None

    def __repr__(self) -> str:
        """Show the address, never the login of a proxy."""
        return f"Target({self.url})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    key_fingerprint: str | None = None
    """That of the server's key, where the server was known by the fingerprint of its certificate."""


def call(
    target: Target,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    seconds: float = 30.0,
    most_bytes: int = 1 << 20,
    more_headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one call; CallFailedError where no whole answer came.

    No redirect is followed, no proxy or login is taken from the environment; each wait for the network lasts `seconds`
    at most, and of the answer at most `most_bytes` are read.
    """
    where = read_url(target.url, PORTS)
    url = f"{where.scheme}://{where.authority}{where.path.rstrip('/')}{path}"
    headers = {"Content-Type": "application/octet-stream", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers |= more_headers or {}
    pin = None if target.fingerprint is None else plain_fingerprint(target.fingerprint)
    context = NamingContext.trusting(pin=pin, ca=target.ca)
    with _bounded(target, context, where.host, where.port, seconds), requests.Session() as session:
        session.trust_env = False
        session.mount(f"{where.scheme}://", _Adapter(context))
        proxies = {where.scheme: target.proxy} if target.proxy else {}
        try:
            answer = session.request(
                method, url, data=body or None, headers=headers, proxies=proxies, timeout=seconds,
                verify=target.fingerprint is None, stream=True, allow_redirects=False,
            )  # fmt: skip
            with answer:
                if target.proxy and answer.status_code == http.client.PROXY_AUTHENTICATION_REQUIRED:
                    refuse_login(target.proxy)
                data = _read(answer, most_bytes)
        except (requests.RequestException, failures.HTTPError, OSError, http.client.HTTPException) as error:
            if context.late:
                raise CallFailedError("answer_timeout", f"no whole answer in {seconds:g} s") from error
            name_failure(error, seconds)
        if context.late:  # what was cut off looks like the end of an answer without a length
            raise CallFailedError("answer_timeout", f"no whole answer in {seconds:g} s")
    found = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, found, data, context.key_shown)


@contextmanager
def _bounded(target: Target, context: NamingContext, host: str, port: int, seconds: float) -> Iterator[None]:
    """Around a call that is guarded: every address of the name is judged, and the call ends with its time."""
    if target.allowed is None:
        yield
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallFailedError("name_unknown", f"{host}: {getattr(error, 'strerror', None) or error}") from error
    for *_, address in found:
        if (refusal := refusal_of(str(address[0]), target.allowed)) is not None:
            raise CallFailedError("address_refused", f"{host}: {refusal}")
    context.allowed = target.allowed
    timer = Timer(seconds, context.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(answer: requests.Response, most_bytes: int) -> bytes:
    data = bytearray()
    for piece in answer.raw.stream(PIECE_BYTES, decode_content=False):
        data += piece
        if len(data) > most_bytes:
            raise CallFailedError("answer_too_large", f"more than {most_bytes} bytes")
    return bytes(data)


def name_failure(error: BaseException, seconds: float) -> NoReturn:
    """Name what happened once the connection was there."""
    seen = list(_causes_of(error))
    if any(isinstance(one, requests.ReadTimeout | failures.ReadTimeoutError | TimeoutError) for one in seen):
        raise CallFailedError("answer_timeout", f"no answer in {seconds:g} s") from error
    for one in seen:
        text = str(one) or type(one).__name__
        if isinstance(one, ssl.SSLError) and not isinstance(one, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            raise CallFailedError(
                "tls_failed", getattr(one, "reason", None) or text
            ) from error  # an alert after the handshake
        if isinstance(one, http.client.RemoteDisconnected | http.client.IncompleteRead | OSError) and not isinstance(
            one, requests.RequestException
        ):
            raise CallFailedError("connection_cut", text) from error
        if isinstance(one, http.client.HTTPException | failures.LocationParseError):
            raise CallFailedError("not_http", text) from error
    cut = any(isinstance(one, failures.IncompleteRead | failures.ProtocolError) for one in seen)
    raise CallFailedError("connection_cut" if cut else "connection_failed", str(error)) from error


def _causes_of(error: BaseException) -> list[BaseException]:
    """An exception and those that it wraps: urllib3 puts them into the arguments, requests into the context."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [*one.args, one.__cause__, one.__context__, getattr(one, "reason", None)]
    return found


class _Adapter(HTTPAdapter):
    """Trusts what the target names and nothing else, on the direct way and through a proxy."""

    def __init__(self, context: NamingContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, ssl_context=self._context)
        use_naming_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options, ssl_context=self._context)
        use_naming_pools(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """The login in UTF-8: requests knows only letters of Latin-1."""
        where = read_url(proxy, {"http": PROXY_PORT}, login=True)
        if where.user is None:
            return {}
        login = base64.b64encode(f"{where.user}:{where.password or ''}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {login}"}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave trust to the context: requests would add its own bundle of authorities."""
        del url, cert
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"
