"""Real servers for the bench: set up by the commands, started by `serve`, watched through /proc."""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.load import Job, Outcome

BIN = Path(sys.executable).parent
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int
    tls: bool
    start_seconds: float

    def family(self) -> list[int]:
        """The pids of the server and all its children."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for path in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += [int(word) for word in path.read_text().split()]
        return found

    def cpu_seconds(self) -> float:
        """Processor time of the family until now, user and system."""
        total = 0
        for pid in self.family():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory_mib(self) -> float:
        """Memory that the family does not share with others, plus its share of what it does."""
        total = 0
        for pid in self.family():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024


@contextmanager
def serving(program: str, home: Path, *, tls: bool, environ: dict[str, str] | None = None) -> Iterator[Server]:
    """A server of a home, ended when the block ends."""
    words = [BIN / program, "--home", home, "serve", "--bind", "127.0.0.1:0", *([] if tls else ["--no-tls"])]
    started = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0], "the server did not come up"
        ready = json.loads(process.stdout.readline())
        yield Server(process, urlsplit(ready["url"]).port or 0, tls, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def send(folder: Path, server: Server, lanes: list[list[bytes]], *, keep: bool = False) -> Outcome:
    """Have the client send everything; returns what came back."""
    path = folder / "load.job"
    path.write_bytes(pickle.dumps(vars(Job("127.0.0.1", server.port, server.tls, lanes, keep))))
    subprocess.run([sys.executable, "-m", "tests.bench.load", path], check=True, timeout=300)
    return Outcome(**pickle.loads(path.with_suffix(".out").read_bytes()))  # noqa: S301 - our own child wrote it


@contextmanager
def probed(server: Server) -> Iterator[dict[str, float]]:
    """Requests `/healthz` while the block runs; the dictionary is filled when the block ends."""
    found: dict[str, float] = {}
    words = [sys.executable, "-m", "tests.bench.probe", "127.0.0.1", str(server.port), "tls" if server.tls else "plain"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        out, _ = process.communicate("end\n", timeout=60)
        found.update(json.loads(out))
