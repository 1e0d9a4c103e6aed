"""What the service manager hears: that the server is ready, and that it answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from serverkit.devices.supervision import Manager, is_alive

QUICK = 0.2


@contextmanager
def manager(path: str) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.setblocking(False)
        yield channel


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that answers everything with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing is logged."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.row("B16")
@pytest.mark.parametrize("path", ["notify", "\0perigee-test-notify"], ids=["file", "abstract"])
def test_the_manager_hears_that_the_server_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """One message with the address; the environment no longer names the manager, so that no library speaks to it."""
    bound = path if path.startswith("\0") else str(tmp_path / path)
    monkeypatch.setenv("NOTIFY_SOCKET", bound.replace("\0", "@"))
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    found = Manager.taken()
    with manager(bound) as channel:
        found.ready("https://127.0.0.1:8444")
        assert channel.recv(200).decode().splitlines() == ["READY=1", "STATUS=Serving at https://127.0.0.1:8444"]
    assert found.limit == 2.0
    assert Manager.taken() == Manager(None, None)
    found.ready("https://127.0.0.1:8444")  # a manager that has gone fails nothing


@pytest.mark.row("B16")
@pytest.mark.parametrize("limit", ["", "0", "soon"])
def test_without_a_limit_nothing_watches(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """A manager that sets no limit, or a wrong one, gets no child process."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/none")
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    assert Manager.taken().watch("https://127.0.0.1:8444") is None


@pytest.mark.row("B16")
def test_a_server_is_alive_when_it_answers() -> None:
    """200 is an answer; another status, a port where nothing listens, and a server that keeps silent are none."""
    with answering(200) as url:
        assert is_alive(url, 5)
        assert is_alive(url.replace("127.0.0.1", "0.0.0.0"), 5)  # noqa: S104 - an address to listen on
    with answering(503) as url:
        assert not is_alive(url, 5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not is_alive(f"http://127.0.0.1:{silent.getsockname()[1]}", QUICK)
        gone = silent.getsockname()[1]
    assert not is_alive(f"https://127.0.0.1:{gone}", QUICK)


@pytest.mark.row("B16")
def test_a_server_behind_a_proxy_is_asked_through_its_socket(tmp_path: Path) -> None:
    """`unix:PATH` is asked as well."""
    path = tmp_path / "server"

    def answer(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line:
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        assert is_alive(f"unix:{path}", 5)
    assert not is_alive(f"unix:{path}", QUICK)
