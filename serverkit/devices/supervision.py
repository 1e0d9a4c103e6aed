"""Tells the service manager that the server is ready and answers (sd_notify(3)); nothing where no manager listens.

A child process asks the server for `/healthz` as any client would, and passes each answer on: a server that accepts connections
and answers none is restarted, whatever its processes look like.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from serverkit.files import write_atomic

ADDRESS, LIMIT, RUNTIME = "NOTIFY_SOCKET", "WATCHDOG_USEC", "RUNTIME_DIRECTORY"
ASKS = 4
"""How often the server is asked within the time that the manager waits."""


@dataclass(frozen=True, slots=True)
class Manager:
    """The service manager's socket, and the seconds within which it wants to hear of the server; None for no limit."""

    address: str | None
    limit: float | None

    @classmethod
    def taken(cls) -> Manager:
        """What the environment names; it is taken out, so that no library announces what is not so yet."""
        address = os.environ.pop(ADDRESS, None)
        limit = os.environ.pop(LIMIT, "")
        return cls(address or None, int(limit) / 1e6 if address and limit.isdigit() and int(limit) else None)

    def send(self, state: str) -> None:
        """Send a state; a manager that has gone is not waited for."""
        if self.address is None:
            return
        path = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(path)
            channel.sendall(state.encode())

    def ready(self, url: str) -> None:
        """The server answers at an address."""
        self.send(f"READY=1\nSTATUS=Serving at {url}")

    def watch(self, url: str) -> Callable[[], None] | None:
        """What a child process does until it is told to end; nothing where the manager set no limit."""
        if self.limit is None:
            return None
        pause = self.limit / ASKS

        def work() -> None:
            while True:
                time.sleep(pause)
                if is_alive(url, pause):
                    self.send("WATCHDOG=1")

        return work


def is_alive(url: str, seconds: float) -> bool:
    """Whether the server at an address of `serve` answers `/healthz` in time."""
    connection = _connection(url, seconds)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _PathConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(url: str, seconds: float) -> http.client.HTTPConnection:
    if url.startswith("unix:"):
        return _PathConnection(url.removeprefix("unix:"), seconds)
    parts = urlsplit(url)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(parts.hostname or "", parts.hostname or "")  # noqa: S104 - any address
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=seconds)
    # The question is whether this machine's own server answers, not who it is; nothing is sent that could leak.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context)


def show_on_console(lines: Iterable[str]) -> None:
    """Write what the machine's own console shows above its login, where the service manager gave a folder for it.

    The package links the file from `/run/issue.d`.
    """
    folder = os.environ.get(RUNTIME)
    if folder and Path(folder).is_dir():
        with suppress(OSError):
            write_atomic(Path(folder) / "issue", "".join(f"{line}\n" for line in lines).encode())
