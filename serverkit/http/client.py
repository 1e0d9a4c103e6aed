"""One HTTPS call with a bounded answer; every failure says at which stage it happened and why."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from serverkit.endpoints import Endpoint, read_url
from serverkit.tls.pair import key_fingerprint

PORTS = {"https": 443, "http": 80}
PROXY_PORT = 3128


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server is, how its certificate is checked, and through which proxy it is reached.

    `ca` is PEM text of the authorities to trust in place of the system's; `fingerprint` the SHA-256 of the server's own
    certificate, which is then the only thing that counts.
    """

    url: str
    ca: str | None = None
    fingerprint: str | None = None
    proxy: str | None = None

    def __repr__(self) -> str:
        """Show the address, never what a proxy is told."""
        return f"Target({self.url})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    key_fingerprint: str | None = None
    """That of the server's key, where the server was known by the fingerprint of its certificate."""


class CallFailedError(Exception):
    """A call failed before an answer was there; `cause` is a stable word, `detail` what was seen."""

    def __init__(self, cause: str, detail: str) -> None:
        """Keep both."""
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


def call(
    target: Target, method: str, path: str, body: bytes = b"", *, seconds: float = 30.0, most_bytes: int = 1 << 20
) -> Answer:
    """Make one call; CallFailedError where no whole answer came."""
    where = read_url(target.url, PORTS)
    try:
        connection = _connect(target, where, seconds=seconds)
    except OSError as error:
        raise CallFailedError("connection_failed", str(error)) from error
    key_shown = _moved_pin(target, connection.sock)
    try:
        headers = {"Content-Type": "application/octet-stream", "Accept": "*/*"}
        connection.request(method, where.path.rstrip("/") + path, body=body or None, headers=headers)
        response = connection.getresponse()
        data = response.read(most_bytes + 1)
    except TimeoutError as error:
        raise CallFailedError("answer_timeout", f"no answer in {seconds:g} s") from error
    except http.client.BadStatusLine as error:
        cause = "connection_cut" if isinstance(error, http.client.RemoteDisconnected) else "not_http"
        raise CallFailedError(cause, str(error)) from error
    except (http.client.IncompleteRead, ConnectionError, ssl.SSLEOFError) as error:
        raise CallFailedError("connection_cut", str(error) or type(error).__name__) from error
    except http.client.HTTPException as error:
        raise CallFailedError("not_http", str(error) or type(error).__name__) from error
    except OSError as error:
        raise CallFailedError("connection_cut", str(error)) from error
    finally:
        connection.close()
    if len(data) > most_bytes:
        raise CallFailedError("answer_too_large", f"more than {most_bytes} bytes")
    if response.length:
        raise CallFailedError("connection_cut", f"the last {response.length} bytes of the answer did not come")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, data, key_shown)


def _connect(target: Target, where: Endpoint, *, seconds: float) -> http.client.HTTPConnection:
    sock = _open(target, where, seconds)
    connection = http.client.HTTPConnection(where.host, where.port, timeout=seconds)
    try:
        connection.sock = _wrap(target, sock, where.host) if where.scheme == "https" else sock
    except BaseException:
        sock.close()
        raise
    return connection


def _open(target: Target, where: Endpoint, seconds: float) -> socket.socket:
    if target.proxy is None:
        return _dial(where.host, where.port, seconds, "")
    proxy = read_url(target.proxy, {"http": PROXY_PORT}, login=True)
    sock = _dial(proxy.host, proxy.port, seconds, "proxy_")
    try:
        _tunnel(sock, where, proxy.user, proxy.password)
    except BaseException:
        sock.close()
        raise
    return sock


def _dial(host: str, port: int, seconds: float, mark: str) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=seconds)
    except socket.gaierror as error:
        raise CallFailedError(f"{mark}name_unknown", f"{host}: {error.strerror}") from error
    except ConnectionRefusedError as error:
        raise CallFailedError(f"{mark}refused", f"{host} port {port}") from error
    except TimeoutError as error:
        raise CallFailedError(f"{mark}timeout", f"{host} port {port}: nothing in {seconds:g} s") from error
    except OSError as error:
        raise CallFailedError(f"{mark}no_route", f"{host} port {port}: {error.strerror or error}") from error


def _tunnel(sock: socket.socket, where: Endpoint, user: str | None, password: str | None) -> None:
    lines = [f"CONNECT {where.authority} HTTP/1.1", f"Host: {where.authority}"]
    if user is not None:
        login = f"{user}:{password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}")
    try:
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65536:
            piece = sock.recv(4096)
            if not piece:
                break
            head += piece
    except OSError as error:
        raise CallFailedError("proxy_timeout", str(error)) from error
    words = head.split(b"\r\n", 1)[0].split(b" ", 2)
    status = words[1].decode("latin-1") if len(words) > 1 and words[0].startswith(b"HTTP/") else ""
    if status == "407" and user is not None:
        raise CallFailedError("proxy_login_refused", "the proxy did not take the user name and password that are set")
    if status == "407":
        raise CallFailedError("proxy_login", "the proxy wants a user name and password")
    if not status.startswith("2"):
        raise CallFailedError("proxy_denied", f"the proxy answered {status or 'nothing that is HTTP'}")


def _context(target: Target) -> ssl.SSLContext:
    if target.fingerprint is not None:
        # The certificate itself is compared before a byte is sent; names and chain do not matter then.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif target.ca is not None:
        context = ssl.create_default_context(cadata=target.ca)
    else:
        context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _wrap(target: Target, sock: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        secure = _context(target).wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        _explain(error, host)
    except TimeoutError as error:
        raise CallFailedError("tls_timeout", "the server began no TLS") from error
    except (ssl.SSLError, OSError) as error:
        raise CallFailedError("tls_not_spoken", getattr(error, "reason", None) or str(error)) from error
    if target.fingerprint is not None:
        shown = secure.getpeercert(binary_form=True) or b""
        wanted, certificate = plain_fingerprint(target.fingerprint), hashlib.sha256(shown).hexdigest()
        if not any(hmac.compare_digest(each, wanted) for each in (certificate, fingerprint_of_key(shown))):
            secure.close()
            raise CallFailedError("fingerprint_differs", f"the server shows {certificate}")
    return secure


def _moved_pin(target: Target, sock: Any) -> str | None:
    if target.fingerprint is None or not isinstance(sock, ssl.SSLSocket):
        return None
    shown = sock.getpeercert(binary_form=True) or b""
    by_certificate = hashlib.sha256(shown).hexdigest() == plain_fingerprint(target.fingerprint)
    return fingerprint_of_key(shown) if by_certificate else None


_EXPIRED, _NOT_YET, _NAME, _ADDRESS = 10, 9, 62, 64


def _explain(error: ssl.SSLCertVerificationError, host: str) -> NoReturn:
    code, text = error.verify_code, error.verify_message
    if code == _EXPIRED:
        raise CallFailedError("certificate_expired", f"{host}: {text}") from error
    if code == _NOT_YET:
        raise CallFailedError("certificate_not_yet_valid", f"{host}: {text}") from error
    if code in {_NAME, _ADDRESS} or "match" in text.lower():
        raise CallFailedError("certificate_name", f"{host}: {text}") from error
    raise CallFailedError("certificate_not_trusted", f"{host}: {text}") from error


def plain_fingerprint(text: str) -> str:
    """A fingerprint as bare lower-case digits: people paste colons and capitals."""
    return text.strip().replace(":", "").replace(" ", "").lower()


def fingerprint_of_key(certificate: bytes) -> str:
    """SHA-256 of the public key of a certificate in DER, which outlives the certificate; empty where there is none."""
    try:
        return key_fingerprint(x509.load_der_x509_certificate(certificate))
    except (ValueError, UnsupportedAlgorithm):
        return ""


def certificates_in(pem: str) -> list[tuple[str, datetime]]:
    """Subject and end of every certificate in a PEM text; ValueError where there is none."""
    found = x509.load_pem_x509_certificates(pem.encode())
    return [(one.subject.rfc4514_string(), one.not_valid_after_utc.astimezone(UTC)) for one in found]
