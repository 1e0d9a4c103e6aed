"""Real commands and servers under measurement: seconds, peak memory, and the delay of other clients."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from agent.errors import AgentError
from agent.transport import Server

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command cost and said."""

    seconds: float
    processor_seconds: float
    peak_megabytes: float
    said: dict[str, Any]


def run(home: Path, program: str, *words: str) -> Ran:
    """Run a command as a process of its own.

    The peak is the kernel's high-water mark of that program alone, looked at until it ends: what a child reports when
    it is over counts the program that started it too.
    """
    log = home.parent / f"{program}.out"
    line = [str(BIN / program), "--home", str(home), "--json", *words]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    begun = time.perf_counter()
    child = os.posix_spawn(line[0], line, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600)])
    peak, done = 0.0, 0
    while done == 0:
        peak = max(peak, _high_water(child))
        time.sleep(0.01)
        done, status, usage = os.wait4(child, os.WNOHANG)
    seconds = time.perf_counter() - begun
    said = log.read_text(encoding="utf-8")
    assert os.waitstatus_to_exitcode(status) == 0, f"{' '.join(line)}: {said}"
    return Ran(seconds, usage.ru_utime + usage.ru_stime, peak, json.loads(said))


def _high_water(child: int) -> float:
    try:
        lines = Path(f"/proc/{child}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), default=0.0)


@contextmanager
def served(home: Path, program: str) -> Iterator[Server]:
    """A server of this home, without its jobs."""
    words = [str(BIN / program), "--home", str(home), "serve", "--bind", "127.0.0.1:0", "--no-jobs"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Server(ready["url"], fingerprint=ready["fingerprint"])
        finally:
            process.terminate()


@dataclass
class Watch:
    """Asks a server the same thing again and again in a thread of its own, and keeps the longest answer."""

    ask: Callable[[], object]
    pause: float = 0.02
    worst: float = 0.0
    failures: int = 0
    _end: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def __enter__(self) -> Self:
        self.ask()
        self._thread = Thread(target=self._go, daemon=True)
        self._thread.start()
        return self

    def _go(self) -> None:
        while not self._end.is_set():
            begun = time.perf_counter()
            try:
                self.ask()
            except (OSError, http.client.HTTPException, AgentError):
                self.failures += 1
            self.worst = max(self.worst, time.perf_counter() - begun)
            self._end.wait(self.pause)

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join(60)


def health(url: str) -> Callable[[], object]:
    """Asks `/healthz` on one connection that stays."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=60, context=context)

    def ask() -> object:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert answer.read().strip() == b"ok"
        return answer.status

    return ask
