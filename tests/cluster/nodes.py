"""Several nodes of one central under load: devices, a person at the console, and a site that synchronizes.

The load remembers every acknowledged answer; afterwards each has to be in the database, once, and is given again.
"""

from __future__ import annotations

import http.client
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.faults.harness import Light, Serving, payload, start
from tests.world import ACCOUNT, World

NODES = 3
DONE_SECONDS = 90.0
PASSWORD = "a long enough secret"
PERSON = "operator"


def address_of(url: str) -> str:
    """What libpq calls the address that a node's settings hold."""
    plain, _, words = url.partition("?")
    hosts = [word.removeprefix("host=") for word in words.split("&") if word.startswith("host=")]
    if not hosts[0].startswith("127."):
        return url
    names, ports = zip(*(host.split(":") for host in hosts), strict=True)
    base = plain.removeprefix("postgresql://")
    user, _, database = base.partition("@/")
    where = f"host={','.join(names)} port={','.join(ports)} user={user} dbname={database}"
    return f"{where} target_session_attrs=read-write connect_timeout=5"


@contextmanager
def serving(world: World) -> Iterator[list[Serving]]:
    """Three nodes of the world's central: the first home and two more that got its settings and keys."""
    settings = world.folder / "central" / "config.toml"
    settings.write_text(settings.read_text() + "\n[server]\nworkers = 1\n")
    homes = [world.folder / "central"]
    for number in range(2, NODES + 1):
        home = world.folder / f"central-{number}"
        home.mkdir(mode=0o700)
        shutil.copytree(homes[0] / "keys", home / "keys")
        for name in ("config.toml", "lab-clock.json"):
            shutil.copy(homes[0] / name, home / name)
        homes.append(home)
    with ThreadPoolExecutor(NODES) as starting:
        nodes = list(starting.map(lambda home: start(home, "--no-tls", program="central"), homes))
    try:
        yield nodes
    finally:
        for node in nodes:
            if node.process.poll() is None:
                node.kill()


@dataclass
class Load:
    """Threads that register devices, change what they use and open pages at any node; what failed is sent again."""

    nodes: list[Serving]
    token: str
    seed: int
    threads: int = 3
    devices: list[Light] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    pages: int = 0
    broken: int = 0
    errors: list[BaseException] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: list[threading.Thread] = field(default_factory=list)
    _cookies: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Sign the person in at the first node and start."""
        self.sign_in()
        works = [lambda number=number: self._devices(number) for number in range(self.threads)]
        for work in (*works, self._browse):
            thread = threading.Thread(target=self._kept, args=(work,), daemon=True)
            thread.start()
            self._running.append(thread)

    def end(self) -> None:
        """Let each thread finish what it began."""
        self._ended.set()
        for thread in self._running:
            thread.join(DONE_SECONDS)
            assert not thread.is_alive(), f"a message was never answered: {self.statuses}, {self.strange[-3:]}"
        assert self.errors == [], self.errors[0]

    def wait_for(self, more: int) -> None:
        """Wait until so many further changes were acknowledged."""
        goal, end = len(self.times) + more, time.monotonic() + DONE_SECONDS
        while len(self.times) < goal:
            assert not self.errors, self.errors[0]
            assert time.monotonic() < end, f"no node answers any more: {self.statuses}, {self.strange[-3:]}"
            time.sleep(0.02)

    def longest_pause(self, since: float) -> float:
        """The longest time in which nothing was acknowledged, from a moment on."""
        times = [since, *(one for one in list(self.times) if one > since)]
        return max((after - before for before, after in pairwise(times)), default=0.0)

    def ask(self, port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """One call of a node."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self._cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read()
        finally:
            connection.close()

    def until_answered(self, what: str, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Ask one node after the other until one answers with 200."""
        chance, end = random.Random(), time.monotonic() + DONE_SECONDS
        while time.monotonic() < end:
            try:
                status, answer = self.ask(chance.choice(self.nodes).port, method, path, body, **headers)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.05)
                continue
            with self._lock:
                self.statuses[what, status] += 1
                if status != 200:
                    self.strange.append(f"{what} {status} {answer[:200]!r}")
            if status == 200:
                return answer
            time.sleep(0.2)
        raise AssertionError(f"{what} was never answered: {self.strange[-3:]}")

    def sign_in(self) -> None:
        """Sign in at the first node; the others have to know the session."""
        port, same = self.nodes[0].port, {"Sec_Fetch_Site": "same-origin", "Accept": "text/html"}
        _, page = self.ask(port, "GET", "/sign-in", **same)
        token = page.decode().split('name="csrf_token" value="')[1].split('"')[0]
        form = urlencode({"csrf_token": token, "name": PERSON, "password": PASSWORD}).encode()
        status, _ = self.ask(
            port,
            "POST",
            "/sign-in",
            form,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=self._cookie(),
            **same,
        )
        assert status == 303, status

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def _kept(self, work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the test says so
            self.errors.append(error)

    def _browse(self) -> None:
        while not self._ended.wait(0.3):
            page = self.until_answered("page", "GET", f"/a/{ACCOUNT}/events", Cookie=self._cookie(), Accept="text/html")
            assert ACCOUNT.encode() in page
            self.pages += 1

    def _devices(self, number: int) -> None:
        chance, made = random.Random(self.seed * 100 + number), 0
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
        answer = self.until_answered("device", "POST", f"/device/v1/{op}", message, Content_Type="application/json")
        device.acknowledge(op, message, answer)
        with self._lock:
            self.times.append(time.monotonic())


@dataclass
class Site:
    """A satellite that synchronizes through any node; the same file is sent to another node once more."""

    world: World
    load: Load
    rounds: int = 0
    devices: int = 0
    _sending: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def begin(self) -> Future[bytes]:
        """Make a request with a new device in it and begin to send it."""
        self.world.device(f"D{self.devices}")
        self.devices += 1
        self.world.satellite("sync", "export", "--output", self.world.file(f"request-{self.rounds}"))
        return self._sending.submit(self._send)

    def finish(self, sent: Future[bytes]) -> None:
        """Apply the response; the same request gets the same response from any node."""
        response = sent.result(DONE_SECONDS)
        assert self._send() == response
        path = Path(self.world.file(f"response-{self.rounds}"))
        path.write_bytes(response)
        assert self.world.satellite("sync", "import", str(path))["outcome"] == "applied"
        self.rounds += 1

    def _send(self) -> bytes:
        body = Path(self.world.file(f"request-{self.rounds}")).read_bytes()
        return self.load.until_answered("sync", "POST", "/sync/v1/request", body)


def prepare(world: World) -> str:
    """A vendor with a person, a customer and a satellite; returns a token for devices of central."""
    world.found_central()
    world.found_satellite()
    world.central("user", "add", PERSON, "--role", "vendor_administrator")
    world.central("user", "password", PERSON, "--password-file", world.file("password", PASSWORD + "\n"))
    return world.token("central", pool="Spare")


def check(world: World, load: Load, site: Site, url: str) -> dict[str, int]:
    """Everything acknowledged is there once and is answered again, and all numbers went up; returns what was counted."""
    assert {status for (_, status) in load.statuses} <= {200, 503}, load.strange
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in world.central("instances", ACCOUNT)["items"]:
        rows.setdefault(row["serial"], []).append(row)
    for device in load.devices:
        found = rows.get(device.serial, [])
        assert [row["id"] for row in found] == [device.instance], device.serial
        uses = {claim["tag"]: claim["count"] for claim in found[0]["licences"]}
        assert uses == ({"ADVANTAGE": device.uses} if device.uses else {}), device.serial
    assert {serial: len(found) for serial, found in rows.items()} == {
        **{device.serial: 1 for device in load.devices},
        **{f"D{number}": 1 for number in range(site.devices)},
    }
    alive = [node for node in load.nodes if node.process.poll() is None]
    for device in load.devices[-10:]:
        assert device.last is not None
        op, message, answer = device.last
        for node in alive:
            said = load.ask(node.port, "POST", f"/device/v1/{op}", message, Content_Type="application/json")
            assert said == (200, answer)
            assert payload(said[1])
    with psycopg.connect(address_of(url)) as connection:
        answered = connection.execute(
            "SELECT seq, rseq, change_upto FROM answered_requests WHERE response IS NOT NULL OR rseq IS NOT NULL ORDER BY seq"
        ).fetchall()
        false = connection.execute("SELECT count(*) FROM commit_marks WHERE NOT kept").fetchone()
    numbers = [row[1] for row in answered]
    assert numbers == sorted(set(numbers)), numbers
    bounds = [row[2] for row in answered]
    assert bounds == sorted(bounds), bounds
    assert len(world.central("satellite", "list", ACCOUNT)["items"]) == 1
    assert false is not None
    return {
        "changes": len(load.times),
        "devices": len(load.devices),
        "pages": load.pages,
        "synchronizations": site.rounds,
        "answers_503": sum(count for (_, status), count in load.statuses.items() if status == 503),
        "connections_lost": load.broken,
        "commits_in_doubt_repeated": int(false[0]),
    }
