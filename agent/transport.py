"""How a device reaches its server: HTTP(S) with a private CA, a pinned certificate or the system's CAs."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import socket
import ssl
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from agent.errors import (
    AgentError,
    AnswerRefusedError,
    InvalidInputError,
    ServerUnreachableError,
    TlsExpiredError,
    TlsFingerprintError,
    TlsNameError,
    TlsNotSpokenError,
    TlsNotYetValidError,
    TlsRefusedError,
    TlsUnusableError,
)
from agent.files import read_file
from exchange.certificates import tls_key_fingerprint

CA_BYTES = 1024 * 1024
ANSWER_BYTES = 4 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
_MOST_PORT = 65_535
_ADDRESS = re.compile(
    r"[hH][tT][tT][pP][sS]?://"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)"
)
"""An address: no login, no query, no blank; an IPv6 address is in brackets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the HTTP status, the body, and when the server asks to be asked again (seconds)."""

    status: int
    body: bytes
    retry_after: int | None = None


class Transport(Protocol):
    """Carries one device message to the server and its answer back."""

    def post(self, path: str, body: bytes) -> Reply:
        """Send `body` to `path`; ServerUnreachableError or TlsRefusedError when no answer can be had."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is and how its TLS certificate is checked; plain data, kept in the device's state."""

    url: str
    ca: str | None = None
    fingerprint: str | None = None

    def __post_init__(self) -> None:
        """Refuse an address or fingerprint that cannot be used."""
        if not _is_address(self.url):
            raise InvalidInputError(
                "{text} is not an address such as https://satellite.example:8443", text=_shown(self.url)
            )
        if self.fingerprint is not None and not re.fullmatch(r"[0-9a-f]{64}", plain_fingerprint(self.fingerprint)):
            raise InvalidInputError("a fingerprint is 64 hexadecimal digits (SHA-256 of the certificate or of its key)")


def _shown(url: str) -> str:
    """An address as it was typed, without the login that someone may have put into it."""
    return "an address with a user name in it" if "@" in url else repr(url[:200])


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found["port"] or 1) <= _MOST_PORT:
        return False
    try:
        if found["six"] is not None:
            IPv6Address(found["six"])
        elif not found["name"].strip("0123456789."):
            IPv4Address(found["name"])
    except AddressValueError:
        return False
    return True


def plain_fingerprint(text: str) -> str:
    """Bring a fingerprint to bare lower-case digits: people paste colons and capitals."""
    return text.strip().replace(":", "").replace(" ", "").lower()


class HttpTransport:
    """One connection a message: no state is kept between two of them, so a lost one costs nothing."""

    def __init__(self, server: Server, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """`timeout` in seconds bounds connecting and each read."""
        self._parts = urlsplit(server.url)
        self._server = server
        self._timeout = timeout
        self.moved_pin: tuple[str, str] | None = None
        """The pinned fingerprint of a certificate that was shown, and that of its key, which outlives a renewal."""

    def post(self, path: str, body: bytes) -> Reply:
        """Send one message and return the reply, after the certificate was checked."""
        host = self._parts.hostname or ""
        connection = self._connection(host)
        try:
            connection.connect()
            self._check_fingerprint(connection)
            headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
            connection.request("POST", self._parts.path.rstrip("/") + path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read(ANSWER_BYTES + 1)
        except ssl.SSLCertVerificationError as error:
            raise _explained(error, host) from error
        except ssl.SSLError as error:
            raise TlsNotSpokenError("{host}: {reason}", host=host, reason=error.reason or error) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachableError(
                "{url}: {error}", url=self._server.url, error=error or type(error).__name__
            ) from error
        finally:
            connection.close()
        if len(data) > ANSWER_BYTES:
            raise AnswerRefusedError("the answer is larger than any answer of this protocol")
        wait = response.getheader("Retry-After") or ""
        return Reply(response.status, data, int(wait) if wait.isdecimal() and wait.isascii() else None)

    def _connection(self, host: str) -> http.client.HTTPConnection:
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, self._parts.port or 80, timeout=self._timeout)
        context = _tls_context(self._server)
        return http.client.HTTPSConnection(host, self._parts.port or 443, timeout=self._timeout, context=context)

    def _check_fingerprint(self, connection: http.client.HTTPConnection) -> None:
        wanted = self._server.fingerprint
        if wanted is None:
            return
        sock: socket.socket | None = connection.sock
        if not isinstance(sock, ssl.SSLSocket):
            raise TlsUnusableError("a fingerprint was given, but the address is not https")
        certificate = sock.getpeercert(binary_form=True) or b""
        found, of_key = hashlib.sha256(certificate).hexdigest(), tls_key_fingerprint(certificate)
        if hmac.compare_digest(found, plain_fingerprint(wanted)):
            self.moved_pin = (wanted, of_key)
        elif not hmac.compare_digest(of_key, plain_fingerprint(wanted)):
            given = plain_fingerprint(wanted)
            raise TlsFingerprintError(
                "the server shows the certificate {found}, the fingerprint given is {given}", found=found, given=given
            )


def require_usable(server: Server) -> None:
    """TlsUnusableError where what a server is recognized by cannot be used; no message is sent."""
    if server.url[:5].lower() != "https":
        if server.ca is not None or server.fingerprint is not None:
            what = "CA certificate" if server.fingerprint is None else "fingerprint"
            raise TlsUnusableError("a {what} was given, but the address is not https", what=what)
        return
    _tls_context(server)


def _tls_context(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.fingerprint is not None:
        # The certificate itself is pinned and compared before a byte is sent; its names do not matter then.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif server.ca is not None:
        try:
            pem = read_file(Path(server.ca), most_bytes=CA_BYTES).decode()
            if "-----BEGIN" not in pem:
                raise ValueError("no PEM")  # nothing at all would mean the authorities of the system
            context = ssl.create_default_context(cadata=pem)
        except (AgentError, ValueError, ssl.SSLError) as error:
            raise TlsUnusableError("{name} holds no usable CA certificate", name=Path(server.ca).name) from error
    return context


_EXPIRED, _NOT_YET_VALID, _WRONG_NAMES = 10, 9, frozenset({62, 64})  # X509_V_ERR_* of OpenSSL


def _explained(error: ssl.SSLCertVerificationError, host: str) -> TlsRefusedError:
    """What is wrong with a certificate, in the words of the cause: its term, its name, or who vouches for it."""
    text = f"{host}: {error.verify_message}"
    if error.verify_code == _EXPIRED:
        return TlsExpiredError(text)
    if error.verify_code == _NOT_YET_VALID:
        return TlsNotYetValidError(text)
    if error.verify_code in _WRONG_NAMES:
        return TlsNameError(text)
    return TlsRefusedError(text)


def problem_of(body: bytes) -> dict[str, object]:
    """Read a problem+json body leniently: it is only shown to people, never believed."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
