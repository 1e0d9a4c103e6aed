"""What leaves for another server fails in few ways: each in one sentence that names the cause, never a secret."""

from __future__ import annotations

import socket
import ssl

from serverkit.errors import InvalidInputError


def cause_of(error: OSError, host: str, port: int, seconds: float) -> str:
    """Why a connection failed."""
    where = f"{host}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {where} is not trusted: {error.verify_message or error.reason}"
    if isinstance(error, ssl.SSLError):
        return f"{where} does not speak TLS as expected: {error.reason or error}"
    if isinstance(error, socket.gaierror):
        return f"the name {host} is not known"
    if isinstance(error, TimeoutError):
        return f"no answer from {where} within {seconds:g} s"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens on {where}"
    if isinstance(error, ConnectionError):
        return f"{where} ended the connection"
    return f"{where}: {error.strerror or error}"[:400]


def client_context(authorities: str) -> ssl.SSLContext:
    """TLS to a server that `authorities` (PEM) or those of the system vouch for; InvalidInputError for what is no PEM."""
    try:
        # Comments between the certificates may hold any letters; the library takes text in ASCII only.
        context = ssl.create_default_context(cadata=authorities.encode("ascii", "replace").decode("ascii") or None)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidInputError("the authorities are not certificates in PEM form") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
