"""A handshake with a pair that is not in use yet, on a private port of this machine."""

from __future__ import annotations

import socket
import ssl
from threading import Thread

from cryptography.hazmat.primitives import serialization

from serverkit.tls.errors import TlsCertificateRefusedError
from serverkit.tls.pair import Pair

SECONDS = 5.0
_NO_CHECK_TIME = 0x200000
"""Of OpenSSL: the validity is compared with the clock of the server, which in a laboratory is another one."""


def rehearse(pair: Pair) -> str:
    """Shake hands as a device would that trusts the last certificate of the chain; what was agreed on.

    TlsCertificateRefusedError with what TLS said.
    """
    server, client = pair.context(), _client(pair)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        answering = Thread(target=_answer, args=(listener, server), daemon=True)
        answering.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), SECONDS) as plain,
                client.wrap_socket(plain) as shaken,
            ):
                cipher = shaken.cipher()
                found = f"{shaken.version()}, {cipher[0] if cipher else ''}"
        except (ssl.SSLError, OSError) as error:
            said = getattr(error, "verify_message", "") or getattr(error, "reason", None) or error
            raise TlsCertificateRefusedError("the handshake with it fails: {said}", said=str(said)[:200]) from error
        finally:
            answering.join(SECONDS)
    return found


def _client(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # names are compared one by one
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    context.load_verify_locations(cadata=pair.chain[-1].public_bytes(serialization.Encoding.PEM).decode("ascii"))
    return context


def _answer(listener: socket.socket, context: ssl.SSLContext) -> None:
    try:
        plain, _ = listener.accept()
        plain.settimeout(SECONDS)
        with plain, context.wrap_socket(plain, server_side=True) as shaken:
            shaken.recv(1)
    except OSError:
        return  # the other side says why
