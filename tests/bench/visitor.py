"""A person at the console of a running server: signs in, opens one page after the other, exports a list."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event, Thread
from urllib.parse import urlencode

READ = 1 << 16
PAGE_EVERY = 1.0


@dataclass
class Visitor:
    """Keeps cookies; `took` are the seconds of each page, `lines` and `seconds` those of the last export."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    lines: int = 0
    seconds: float = 0.0

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, Iterator[bytes]]:
        """A request on a connection of its own: status, and the body as it comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Cookie": self._cookie()}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, iter(lambda: answer.read(READ), b"")

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def sign_in(self, name: str, password: str) -> None:
        """Sign in by the form."""
        _, parts = self.ask("GET", "/sign-in")
        token = b"".join(parts).decode().split('name="csrf_token" value="')[1].split('"')[0]
        status, _ = self.ask("POST", "/sign-in", urlencode({"csrf_token": token, "name": name, "password": password}))
        assert status == 303, status

    def browse(self, paths: Sequence[str], end: Event) -> None:
        """Open a page every second."""
        for path in cycle(paths):
            begun = time.perf_counter()
            status, parts = self.ask("GET", path)
            assert status == 200, (path, status)
            assert b"".join(parts).rstrip().endswith(b"</html>"), path
            self.took.append(time.perf_counter() - begun)
            if end.wait(PAGE_EVERY):
                return

    def export(self, path: str, end: Event) -> None:
        """Export a list, and again when it has come, until the end."""
        while not end.is_set():
            begun, lines = time.perf_counter(), 0
            status, parts = self.ask("GET", path)
            assert status == 200, (path, status)
            for part in parts:
                lines += part.count(b"\n")
                if end.is_set():
                    return
            self.lines, self.seconds = lines - 1, time.perf_counter() - begun


@contextmanager
def visited(port: int, name: str, password: str, pages: Sequence[str], export: str) -> Iterator[Visitor]:
    """One user browses while another exports."""
    visitor, end = Visitor(port), Event()
    visitor.sign_in(name, password)
    threads = [
        Thread(target=visitor.browse, args=(pages, end)),
        Thread(target=visitor.export, args=(export, end)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield visitor
    finally:
        end.set()
        for thread in threads:
            thread.join(60)
