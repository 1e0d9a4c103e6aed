"""Connections for requests that name the stage at which they fail: name, route, proxy's tunnel, TLS handshake."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import urllib3.connection
import urllib3.connectionpool
from urllib3 import exceptions as failures
from urllib3.poolmanager import PoolManager

from serverkit.called_addresses import Network, refusal_of
from serverkit.http.pins import certificate_fingerprint, fingerprint_of_key, matches

_EXPIRED, _NOT_YET, _NAME, _ADDRESS = 10, 9, 62, 64
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
        "DATA_LENGTH_TOO_LONG",
    }
)
"""What OpenSSL says of bytes that are no TLS at all."""
_GATEWAY = frozenset({502, 503, 504})
_STATUS = re.compile(r"Tunnel connection failed: (\d+)")


class CallFailedError(Exception):
    """A call failed before an answer was there; `cause` is a stable word, `detail` what was seen."""

    def __init__(self, cause: str, detail: str) -> None:
        """Keep both."""
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


class NamingContext(ssl.SSLContext):
    """A TLS context whose handshake says which fault it met, and compares what was pinned before a byte is sent.

    `pin` is the SHA-256 of the server's certificate or of its key, which outlives the certificate; `key_shown` that of
    the key, once a handshake matched by the certificate. With `allowed`, no TLS is begun with an address of an internal
    network outside of those; `cut` ends the connection, wherever it waits.
    """

    pin: str | None = None
    key_shown: str | None = None
    allowed: Sequence[Network] | None = None
    late = False
    _of_system = False
    _held: ssl.SSLSocket | None = None

    @classmethod
    def trusting(cls, *, pin: str | None, ca: str | None) -> NamingContext:
        """Trust a pin, the authorities of a PEM text, or those of the system."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if pin is not None:
            # The certificate itself decides; names and chain do not matter then.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.pin = pin
        elif ca is not None:
            context.load_verify_locations(cadata=ca)
        else:
            context._of_system = True  # read with the first handshake: a call without TLS needs none of them
        return context

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Do the TLS handshake; CallFailedError names the reason of a failure."""
        host = str(options.get("server_hostname") or "")
        options["do_handshake_on_connect"] = False  # so that `cut` reaches a handshake too
        if self._of_system:
            self.load_default_certs()
            self._of_system = False
        if self.allowed is not None and (refusal := refusal_of(str(sock.getpeername()[0]), self.allowed)) is not None:
            raise CallFailedError("address_refused", f"{host}: {refusal}")
        try:
            secure = self._held = super().wrap_socket(sock, *args, **options)
            secure.do_handshake()
        except ssl.SSLCertVerificationError as error:
            _explain(error, host)
        except TimeoutError as error:
            raise CallFailedError("tls_timeout", "the server began no TLS") from error
        except OSError as error:
            raise CallFailedError(_handshake_fault(error), getattr(error, "reason", None) or str(error)) from error
        if self.pin is not None:
            self._compare(self.pin, secure)
        return secure

    def cut(self) -> None:
        """End the connection: its time is over."""
        self.late = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)

    def _compare(self, pin: str, secure: ssl.SSLSocket) -> None:
        shown = secure.getpeercert(binary_form=True) or b""
        certificate, key = certificate_fingerprint(shown), fingerprint_of_key(shown)
        if not matches(pin, certificate, key):
            secure.close()
            raise CallFailedError("fingerprint_differs", f"the server shows {certificate}")
        self.key_shown = key if certificate == pin else None


def _handshake_fault(error: OSError) -> str:
    """Something else than TLS was heard, the line broke, or the two do not agree."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return "connection_cut"
    return "tls_not_spoken" if getattr(error, "reason", None) in _NO_TLS else "tls_failed"


def _explain(error: ssl.SSLCertVerificationError, host: str) -> NoReturn:
    code, text = error.verify_code, error.verify_message
    if code == _EXPIRED:
        cause = "certificate_expired"
    elif code == _NOT_YET:
        cause = "certificate_not_yet_valid"
    elif code in {_NAME, _ADDRESS} or "match" in text.lower():
        cause = "certificate_name"
    else:
        cause = "certificate_not_trusted"
    raise CallFailedError(cause, f"{host}: {text}") from error


def _name_stage(connection: urllib3.connection.HTTPConnection, error: Exception) -> NoReturn:
    """Name why a connection failed; failures of the TLS handshake are named already."""
    mark = "proxy_" if connection.proxy else ""
    place = f"{connection.host} port {connection.port}"
    reason = error.__cause__
    if isinstance(error, failures.NameResolutionError):
        raise CallFailedError(f"{mark}name_unknown", f"{connection.host}: {getattr(reason, 'strerror', reason)}")
    if isinstance(error, failures.NewConnectionError):
        if isinstance(reason, ConnectionRefusedError):
            raise CallFailedError(f"{mark}refused", place)
        raise CallFailedError(f"{mark}no_route", f"{place}: {getattr(reason, 'strerror', None) or reason}")
    if isinstance(error, failures.ConnectTimeoutError):
        raise CallFailedError(f"{mark}timeout", f"{place}: nothing in {connection.timeout:g} s")
    if isinstance(error, failures.SSLError):
        raise CallFailedError("tls_failed", str(error))
    if mark:
        _name_tunnel(connection, error)
    raise CallFailedError("connection_failed", str(error))


def _name_tunnel(connection: urllib3.connection.HTTPConnection, error: Exception) -> NoReturn:
    status = _STATUS.search(str(error))
    if status is None and isinstance(error, OSError) and not isinstance(error, http.client.RemoteDisconnected):
        raise CallFailedError("proxy_timeout", str(error) or "the proxy does not answer")
    if status is not None and int(status[1]) == http.client.PROXY_AUTHENTICATION_REQUIRED:
        refuse_login(connection.proxy.url if connection.proxy else "")
    if status is not None and int(status[1]) in _GATEWAY:
        raise CallFailedError("proxy_failed", f"the proxy answered {status[1]}")
    raise CallFailedError("proxy_denied", f"the proxy answered {status[1] if status else 'nothing that is HTTP'}")


def refuse_login(proxy: str) -> NoReturn:
    """Tell a login that the proxy refused from one that is missing."""
    if "@" in proxy:
        raise CallFailedError("proxy_login_refused", "the proxy did not take the user name and password that are set")
    raise CallFailedError("proxy_login", "the proxy wants a user name and password")


_CONNECTING = (failures.HTTPError, OSError, http.client.HTTPException)


class _Plain(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except _CONNECTING as error:
            self.close()
            _name_stage(self, error)


class _Secure(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except _CONNECTING as error:
            self.close()
            _name_stage(self, error)
        # A pin was compared in the handshake; urllib3 knows of authorities only.
        self.is_verified = True


class _PlainPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Secure


def use_naming_pools(manager: PoolManager) -> None:
    """Make a pool manager use connections that name the stage at which they fail."""
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
