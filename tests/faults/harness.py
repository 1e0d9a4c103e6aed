"""Real servers that are killed, a load that remembers every acknowledged answer, and steps at which a process dies."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from exchange.canonical import b64decode
from exchange.certificate_issuing import make_csr
from exchange.device.bodies import RegisterBody
from exchange.device.licence_bodies import AuthorizeBody
from exchange.device.messages import DeviceRequest, make_device_request
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.vocabulary import DeviceOp
from tests.world import World

BIN = Path(sys.executable).parent
DONE_SECONDS = 120.0


def seed() -> int:
    """The seed of this run, printed so that a failure can be run again: PERIGEE_SEED=n."""
    found = int(os.environ.get("PERIGEE_SEED") or random.SystemRandom().randrange(10**6))
    print(f"PERIGEE_SEED={found}")
    return found


@dataclass
class Serving:
    """A server in processes of its own."""

    process: subprocess.Popen[str]
    port: int

    @property
    def children(self) -> list[int]:
        """Workers, and the scheduler where there is one."""
        with suppress(OSError):
            return [
                int(pid)
                for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            ]
        return []

    def kill(self) -> None:
        """SIGKILL to the master and all it started, as a power cut of the machine would."""
        children = self.children
        self.process.kill()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(DONE_SECONDS)

    def stop(self) -> int:
        """TERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DONE_SECONDS)


def start(
    home: Path, *words: str, program: str = "satellite", port: int = 0, env: dict[str, str] | None = None
) -> Serving:
    """Start a server and wait for its ready line."""
    log = (home.parent / f"{home.name}.log").open("a")
    process = subprocess.Popen(
        [BIN / program, "--home", home, "serve", "--bind", f"127.0.0.1:{port}", *(words or ("--no-jobs",))],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, **(env or {})},
    )
    log.close()
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (home.parent / f"{home.name}.log").read_text()[-2000:]
    return Serving(process, int(json.loads(line)["url"].rpartition(":")[2]))


@contextmanager
def serving(
    home: Path, *words: str, program: str = "satellite", env: dict[str, str] | None = None
) -> Iterator[Serving]:
    """A server for the length of a block."""
    server = start(home, *words, program=program, env=env)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """One HTTPS call; OSError or HTTPException where none is possible."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@dataclass
class Light:
    """A device that is only its key and its numbers; what was acknowledged is kept."""

    serial: str
    token: str
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    counter: int = 0
    instance: str | None = None
    uses: int | None = None
    last: tuple[str, bytes, bytes] | None = None

    def message(self, op: DeviceOp, body: dict[str, Any]) -> bytes:
        """Sign the next message."""
        self.counter += 1
        request = DeviceRequest(
            op, Udi(pid="SW-48", serial=self.serial), self.instance, self.key.public.key_id, self.counter, uuid4().hex,
            datetime.now(UTC).replace(microsecond=0), 1, (0, 0), body,
        )  # fmt: skip
        return make_device_request(request, self.key)

    def registration(self) -> bytes:
        """The message by which it registers."""
        body = RegisterBody(
            self.token, Udi(pid="SW-48", serial=self.serial), None, None, None, (), make_csr(self.key, self.serial)
        )
        return self.message(DeviceOp.REGISTER, body.to_dict())

    def list_of_use(self, count: int) -> bytes:
        """The message that says how much it uses; 0 gives everything back."""
        uses = (("ADVANTAGE", count),) if count else ()
        return self.message(DeviceOp.AUTHORIZE, AuthorizeBody(uses, (), None, None).to_dict())

    def acknowledge(self, op: str, message: bytes, answer: bytes) -> None:
        """Keep an answer that came."""
        self.last = (op, message, answer)
        if op == "register":
            self.instance = payload(answer)["instance"]


def payload(answer: bytes) -> dict[str, Any]:
    """What a signed answer says."""
    found: dict[str, Any] = json.loads(b64decode(json.loads(answer)["envelope"]["payload"]))
    return found


@dataclass
class Load:
    """Threads that register devices and change what they use, sending again what was not answered."""

    token: str
    port: int
    seed: int
    threads: int = 3
    devices: list[Light] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    broken: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        """Start the threads."""
        for number in range(self.threads):
            thread = threading.Thread(target=self._work, args=(number,), daemon=True)
            thread.start()
            self._running.append(thread)

    def end(self) -> None:
        """Let each thread finish what it began; every message gets its answer in the end."""
        self._ended.set()
        for thread in self._running:
            thread.join(DONE_SECONDS)
            assert not thread.is_alive(), "a message was never answered"

    def acknowledged(self) -> int:
        """How many messages were answered."""
        with self._lock:
            return self.statuses.get(200, 0)

    def wait_for(self, more: int) -> None:
        """Wait until so many further messages were answered."""
        goal, end = self.acknowledged() + more, time.monotonic() + DONE_SECONDS
        while self.acknowledged() < goal:
            assert time.monotonic() < end, f"the server answers no more: {self.statuses}, {self.strange[:3]}"
            time.sleep(0.01)

    def _work(self, number: int) -> None:
        chance = random.Random(self.seed * 100 + number)
        made = 0
        while not self._ended.is_set():
            device = Light(f"S{number}-{made}", self.token)
            made += 1
            self._send(device, "register", device.registration())
            for _ in range(chance.randrange(1, 4)):
                count = chance.randrange(4)
                self._send(device, "authorize", device.list_of_use(count))
                device.uses = count
            with self._lock:
                self.devices.append(device)

    def _send(self, device: Light, op: str, message: bytes) -> None:
        end = time.monotonic() + DONE_SECONDS
        while time.monotonic() < end:
            try:
                status, answer = ask(self.port, "POST", f"/device/v1/{op}", message)
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.broken += 1
                time.sleep(0.02)
                continue
            with self._lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status != 200:
                    self.strange.append(f"{status} {answer[:300]!r}")
            if status == 200:
                device.acknowledge(op, message, answer)
                return
            time.sleep(0.1)


def check_nothing_lost(world: World, load: Load, port: int, home: str = "satellite") -> None:
    """Every acknowledged answer is in the state, once, and is given again byte for byte."""
    found = world.satellite("instances", home=home)["items"]
    by_serial: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        by_serial.setdefault(row["serial"], []).append(row)
    for device in load.devices:
        rows = by_serial.get(device.serial, [])
        assert [row["id"] for row in rows] == [device.instance], device.serial
        uses = {claim["tag"]: claim["count"] for claim in rows[0]["licences"]}
        assert uses == ({"ADVANTAGE": device.uses} if device.uses else {}), device.serial
    total = sum(device.uses or 0 for device in load.devices)
    assert world.licence("ADVANTAGE", home)["in_use"] == total
    for device in load.devices[-25:]:
        assert device.last is not None
        op, message, answer = device.last
        assert ask(port, "POST", f"/device/v1/{op}", message) == (200, answer)
    assert len(world.satellite("instances", home=home)["items"]) == len(load.devices)


def dies_at(point: str, work: Callable[[], object]) -> bool:
    """Do `work` in a child that the crash point ends; False where the child came to its end without dying."""
    pid = os.fork()
    if pid == 0:
        os.environ["PERIGEE_CRASH_AT"] = point
        code = 9
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"{point}: ended with {status}"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
