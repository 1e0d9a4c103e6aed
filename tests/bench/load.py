"""The client of the bench, a process of its own: sends prepared messages over N connections that stay open.

`python -m tests.bench.load FILE`: FILE is a pickled `Job` (its members); the answer goes to FILE.out. It reads no more of an answer
than status and length, so that it costs the machine little beside the server. Messages of one device are sent one after
the other on the same connection, as a device does.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import ssl
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

RECEIVE = 1 << 18


@dataclass
class Job:
    """What to send: for each connection its messages, whole HTTP requests in order."""

    host: str
    port: int
    tls: bool
    lanes: list[list[bytes]]
    keep: bool = False
    most_seconds: float = 120.0
    tell: str | None = None  # a file to make once `tell_after` answers have come
    tell_after: int = 1


@dataclass
class Outcome:
    """What came back: seconds for everything, each answer's latency and status, and the bodies where they are kept."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: list[list[bytes]] = field(default_factory=list)
    broken: int = 0


class _Lane:
    """One connection with what is still to be sent on it."""

    def __init__(self, job: Job, messages: list[bytes]) -> None:
        sock = socket.create_connection((job.host, job.port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if job.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock)
        sock.setblocking(False)
        self.sock = sock
        self.todo = deque(messages)
        self.data = b""
        self.started = 0.0
        self.bodies: list[bytes] = []

    def send(self) -> None:
        """Send the next message; it fits the socket's buffer, so one call takes all of it."""
        message = self.todo[0]
        self.started = time.perf_counter()
        sent = 0
        while sent < len(message):
            try:
                sent += self.sock.send(message[sent:])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                time.sleep(0)

    def receive(self) -> tuple[int, bytes] | None:
        """Take what has come; status and body once the answer is whole."""
        try:
            data = self.sock.recv(RECEIVE)
            while isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
                data += self.sock.recv(RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        if not data:
            raise ConnectionResetError
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        length = int(lower[at : at + 12].split(b"\r")[0])
        if len(body) < length:
            return None
        self.data = b""
        return int(head[9:12]), body


def run(job: Job) -> Outcome:
    """Send everything, each lane on its own connection, and take the time from first to last."""
    outcome = Outcome()
    lanes = [_Lane(job, messages) for messages in job.lanes if messages]
    selector = selectors.DefaultSelector()
    for lane in lanes:
        selector.register(lane.sock, selectors.EVENT_READ, lane)
    started, cpu = time.perf_counter(), time.process_time()
    for lane in lanes:
        lane.send()
    left = len(lanes)
    while left and time.perf_counter() - started < job.most_seconds:
        for key, _ in selector.select(1.0):
            lane = key.data
            try:
                answer = lane.receive()
            except OSError:
                outcome.broken += len(lane.todo)
                selector.unregister(lane.sock)
                left -= 1
                continue
            if answer is None:
                continue
            status, body = answer
            outcome.latencies.append(time.perf_counter() - lane.started)
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
            if job.tell is not None and len(outcome.latencies) == job.tell_after:
                Path(job.tell).touch()
            if job.keep:
                lane.bodies.append(body)
            lane.todo.popleft()
            if lane.todo:
                lane.send()
            else:
                selector.unregister(lane.sock)
                left -= 1
    outcome.seconds, outcome.cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    outcome.bodies = [lane.bodies for lane in lanes]
    outcome.broken += sum(len(lane.todo) for lane in lanes) if left else 0
    for lane in lanes:
        lane.sock.close()
    return outcome


def main() -> int:
    """Do the job of a file."""
    path = Path(sys.argv[1])
    job = Job(**pickle.loads(path.read_bytes()))  # noqa: S301 - written by the bench itself a moment ago
    path.with_suffix(".out").write_bytes(pickle.dumps(vars(run(job))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
