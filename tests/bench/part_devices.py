"""The device protocol through HTTP: registrations, renewals, claims, a storm, and the response time of `/healthz` under load."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.bench.devices import BenchDevice, answered, http
from tests.bench.figures import RUNS, Figure, Part
from tests.bench.load import Outcome
from tests.bench.postgres import cluster
from tests.bench.servers import Server, probed, send, serving
from tests.world import ACCOUNT, World

REGISTRATIONS, RENEWING, RENEWALS, STORM = 1000, 384, 3000, 10_000
USES = {"ESSENTIALS": 1}
ORDERS = """virtual_account,tag,quantity,order_number,order_line
Site,ESSENTIALS,1000000,B-1,1
Spare,ESSENTIALS,1000000,B-1,2
"""
NUMBERS = count()
POOLS = {"satellite": "Site", "central": "Spare"}


@contextmanager
def _world(folder: Path, database: Callable[[str], str] | None = None) -> Iterator[World]:
    folder.mkdir()
    world = World(folder, database)
    world.found_central()
    world.central("order", "import", ACCOUNT, world.file("bench-orders.csv", ORDERS))
    world.found_satellite()
    yield world


@dataclass
class Runs:
    """What each run of one kind of load gave."""

    name: str
    data: str
    rates: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    not_done: int = 0

    def figures(self) -> Iterator[Figure]:
        """The figures of these runs."""
        yield Figure(self.name, "1/s", tuple(self.rates), self.data, {"not_done": self.not_done})
        yield Figure(f"{self.name}: p50", "ms", tuple(self.middle), self.data)
        yield Figure(f"{self.name}: p99", "ms", tuple(self.late), self.data)
        yield Figure(f"{self.name}: server's processor time", "ms each", tuple(self.server), self.data)
        yield Figure(f"{self.name}: worst /healthz", "ms", tuple(self.health), self.data)


class Load:
    """Devices at one server, and the loads that they make."""

    def __init__(self, world: World, server: Server, program: str) -> None:
        self.world, self.server = world, server
        self.token = world.token(program, pool=POOLS[program])
        self.devices: list[BenchDevice] = []

    def run(self, runs: Runs, op: str, messages: list[bytes], connections: int, *, keep: bool = False) -> Outcome:
        """Send messages, each device's on its own turn, and note how it went."""
        lanes = [[http(op, message) for message in messages[lane::connections]] for lane in range(connections)]
        before = self.server.cpu_seconds()
        with probed(self.server) as health:
            outcome = send(self.world.folder, self.server, lanes, keep=keep)
        spent = self.server.cpu_seconds() - before
        times, done = sorted(outcome.latencies), outcome.statuses.get(200, 0)
        runs.rates.append(done / outcome.seconds)
        runs.middle.append(times[len(times) // 2] * 1000)
        runs.late.append(times[int(len(times) * 0.99)] * 1000)
        runs.server.append(spent / len(times) * 1000)
        runs.health.append(health["worst"] * 1000)
        runs.not_done += len(messages) - done
        return outcome

    def register(self, runs: Runs, number: int, connections: int) -> list[BenchDevice]:
        """Register new devices; those that were answered know their instance."""
        devices = [BenchDevice(next(NUMBERS)) for _ in range(number)]
        messages = [device.register(self.token) for device in devices]
        outcome = self.run(runs, "register", messages, connections, keep=True)
        for lane, bodies in enumerate(outcome.bodies):
            for device, body in zip(devices[lane::connections], bodies, strict=False):
                device.instance = str(answered(body)["instance"])
        self.devices = devices
        return devices

    def renew(self, runs: Runs, number: int, connections: int, uses: dict[str, int]) -> None:
        """Renew authorizations of the devices that registered last, in turn."""
        # A device comes again in the same lane only: their number is a multiple of that of the lanes.
        turn = len(self.devices) - len(self.devices) % connections
        messages = [self.devices[place % turn].authorize(uses) for place in range(number)]
        self.run(runs, "authorize", messages, connections)


def _throughput(folder: Path) -> Iterator[Figure]:
    with cluster() as new_database:
        for kind in ("sqlite", "postgresql"):
            with _world(folder / kind, new_database if kind == "postgresql" else None) as world:
                for tls in (False, True):
                    with serving("satellite", world.folder / "satellite", tls=tls) as server:
                        yield from _loads(Load(world, server, "satellite"), kind, tls=tls)
    with _world(folder / "central") as world, serving("central", world.folder / "central", tls=False) as server:
        yield from _loads(Load(world, server, "central"), "sqlite", tls=False, share=6, most=(16,))


def _loads(load: Load, kind: str, *, tls: bool, share: int = 1, most: tuple[int, ...] = (16, 64)) -> Iterator[Figure]:
    program = "central" if share > 1 else "satellite"
    for connections in most:
        where = f"{program}, {kind}, {'TLS' if tls else 'no TLS'}, {connections} connections"
        joins = Runs(f"registrations, {where}", f"{REGISTRATIONS // share} devices a run")
        renewals = Runs(f"renewals, {where}", f"{RENEWALS // share} renewals a run of {RENEWING // share} devices")
        for _ in range(RUNS):
            load.register(joins, REGISTRATIONS // share, connections)
            load.devices = load.devices[: RENEWING // share]
            load.renew(Runs("", ""), len(load.devices), connections, USES)
            load.renew(renewals, RENEWALS // share, connections, USES)
        yield from joins.figures()
        yield from renewals.figures()


def _storm(folder: Path) -> Iterator[Figure]:
    with _world(folder / "storm") as world, serving("satellite", world.folder / "satellite", tls=False) as server:
        load, lost = Load(world, server, "satellite"), []
        runs = Runs(f"storm of {STORM} registrations", "64 connections, sqlite, no TLS")
        for turn in range(RUNS):
            known = {device.instance for device in load.register(runs, STORM, 64)} - {None}
            database = sqlite3.connect(world.folder / "satellite" / "satellite.db")
            kept = {row[0] for row in database.execute("SELECT id FROM instances")}
            database.close()
            lost.append(float(len(known - kept) + max(0, (turn + 1) * STORM - len(kept))))
        yield from runs.figures()
        yield Figure(f"storm of {STORM} registrations: lost", "devices", tuple(lost), "sqlite")


def _claims(folder: Path) -> Iterator[Figure]:
    for size in (1_000, 100_000):
        with _world(folder / f"claims-{size}") as world:
            home = world.folder / "satellite"
            with serving("satellite", home, tls=False) as server:
                Load(world, server, "satellite").register(Runs("", ""), 16, 16)
            _fill(home / "satellite.db", size)
            with serving("satellite", home, tls=False) as server:
                load = Load(world, server, "satellite")
                runs = Runs(f"changed lists, {size} devices known", "480 claims a run, 16 connections, sqlite, no TLS")
                for _ in range(RUNS):
                    load.register(Runs("", ""), 480, 16)
                    load.renew(runs, 480, 16, USES)
                yield from runs.figures()


def _fill(path: Path, size: int) -> None:
    """Copy one device, with a key and a claim, until there are as many as are wanted."""
    database = sqlite3.connect(path)
    new = {"id": "lower(printf('%032x', n))", "udi_key": "'P|S' || n || '|'", "key_id": "lower(printf('%032x', n))"}
    new["instance_id"] = new["id"]
    numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {size})"  # noqa: S608 - all of it is ours
    with database:
        for table in ("instances", "device_keys"):
            names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            chosen = ", ".join(new.get(name, name) for name in names)
            database.execute(f"{numbers} INSERT INTO {table} SELECT {chosen} FROM c, (SELECT * FROM {table} LIMIT 1)")  # noqa: S608
        claims = (
            "INSERT INTO claims (instance_id, tag, virtual_account_id, count, since, change_no)"
            " SELECT lower(printf('%032x', n)), 'ESSENTIALS', v.virtual_account_id, 1, v.registered_at, n"
            " FROM c, (SELECT * FROM instances LIMIT 1) v"
        )
        database.execute(f"{numbers} {claims}")
        database.execute(
            "INSERT INTO pool_totals (virtual_account_id, tag, claimed)"
            " SELECT virtual_account_id, tag, sum(count) FROM claims GROUP BY virtual_account_id, tag"
        )
    database.close()


def _small(folder: Path) -> Iterator[Figure]:
    with _world(folder / "small") as world:
        for program in ("satellite", "central"):
            starts, memory = [], []
            for _ in range(RUNS):
                with serving(program, world.folder / program, tls=True) as server:
                    time.sleep(1.5)  # until all workers and the scheduler stand
                    starts.append(server.start_seconds)
                    memory.append(server.memory_mib())
            yield Figure(f"start of {program} until ready", "s", tuple(starts), "2 processes, TLS")
            yield Figure(
                f"idle memory of {program}", "MiB", tuple(memory), "2 processes and scheduler, shared parts once"
            )
        device = world.device("BENCH-1")
        device.use("ADVANTAGE", 1)
        asked, runs = 20_000, []
        for _ in range(RUNS):
            started = time.perf_counter()
            for _ in range(asked):
                device.may_use("ADVANTAGE")
            runs.append((time.perf_counter() - started) / asked * 1e6)
        yield Figure("may_use, offline", "µs", tuple(runs), f"{asked} answers a run")


PARTS = [
    Part("devices", "registrations and renewals through HTTP, durable commits", _throughput),
    Part("storm", "ten thousand devices come at once", _storm),
    Part("claims", "what a changed list costs with few and with many devices", _claims),
    Part("small", "start, idle memory, the agent's offline answer", _small),
]
