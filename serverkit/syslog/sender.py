"""Sends messages to a log server; what fails is named, and nothing waits longer than its time-out."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from serverkit.outward import cause_of, client_context
from serverkit.syslog.errors import SyslogFailedError, SyslogOffError
from serverkit.syslog.messages import MOST_BYTES, MOST_DATAGRAM, Message, encode, framed

Transport = Literal["udp", "tcp", "tls"]
PORTS: dict[str, int] = {"udp": 514, "tcp": 514, "tls": 6514}


@dataclass(frozen=True, slots=True)
class LogServer:
    """Where messages go; `authorities` in PEM, empty for those of the system."""

    host: str
    port: int
    transport: Transport
    authorities: str = ""
    facility: int = 16
    seconds: float = 10.0


def send(server: LogServer, program: str, name: str, messages: Sequence[Message]) -> None:
    """Send messages in their order; SyslogFailedError says what failed and why. UDP has no answer: it may lose them."""
    if not server.host:
        raise SyslogOffError
    most = MOST_DATAGRAM if server.transport == "udp" else MOST_BYTES
    data = [encode(message, server.facility, name, program, most) for message in messages]
    stage = "connection"
    try:
        if server.transport == "udp":
            stage = "sending"
            _send_datagrams(server, data)
            return
        with socket.create_connection((server.host, server.port), server.seconds) as plain:
            if server.transport == "tcp":
                stage = "sending"
                plain.sendall(b"".join(map(framed, data)))
                return
            stage = "encryption"
            context = client_context(server.authorities)
            with context.wrap_socket(plain, server_hostname=server.host) as secure:
                stage = "sending"
                secure.sendall(b"".join(map(framed, data)))
                with suppress(OSError):
                    secure.unwrap()  # not every log server ends TLS properly
    except OSError as error:
        cause = cause_of(error, server.host, server.port, server.seconds)
        raise SyslogFailedError("{stage}: {cause}", stage=stage, cause=cause) from error


def _send_datagrams(server: LogServer, data: Sequence[bytes]) -> None:
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.settimeout(server.seconds)
        sender.connect(address)
        for one in data:
            sender.send(one)
        sender.settimeout(0.2)
        try:
            sender.recv(1)  # a machine that refuses says so at once
        except TimeoutError:
            return
