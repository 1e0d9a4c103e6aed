"""Synchronization of large sites: full, by difference, and the removal of a satellite; and how long devices wait."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent.clock import DeviceClock
from agent.device import Device
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.identity import Udi
from satellite.runtime import open_satellite
from tests.bench.cluster import cluster
from tests.bench.figures import RUNS, Figure, Part
from tests.bench.fleet import Fleet, change_devices, fill_site
from tests.bench.running import Watch, health, run, served
from tests.world import ACCOUNT, World

CHANGES = 100
Sums = dict[tuple[str, str], list[float]]


@dataclass(frozen=True, slots=True)
class Site:
    """A run: homes of both servers and their addresses, a device at each."""

    place: Path
    sums: Sums
    servers: dict[str, Server]
    devices: dict[str, Device]

    def measure(self, what: str, program: str, *words: str) -> None:
        """Run a command while the server of the same home is asked for its health and by a device."""
        healthy, device = health(self.servers[program].url), self.devices[program].renew_authorization
        with Watch(healthy) as lives, Watch(device) as waits:
            ran = run(self.place / program, program, *words)
        for name, unit, value in (
            ("", "s", ran.seconds),
            (", processor", "s", ran.processor_seconds),
            (", peak memory", "MB", ran.peak_megabytes),
            (", worst /healthz", "ms", lives.worst * 1000),
            (", longest wait of a device", "ms", waits.worst * 1000),
        ):
            self.sums[what + name, unit].append(value)

    def round_trip(self, name: str, *words: str) -> None:
        """One synchronization by file."""
        request, response = self.place / "request", self.place / "response"
        self.measure(f"{name}: make", "satellite", "sync", "export", *words, "--output", str(request))
        self.measure(f"{name}: apply and respond", "central", "sync", "import", str(request), "--output", str(response))
        self.measure(f"{name}: apply response", "satellite", "sync", "import", str(response))
        self.sums[f"{name}: request", "MB"].append(request.stat().st_size / 1e6)
        self.sums[f"{name}: response", "MB"].append(response.stat().st_size / 1e6)


def _measure(
    folder: Path, *, devices: int, runs: int = RUNS, new_database: Callable[[str], str] | None = None
) -> Iterable[Figure]:
    sums: Sums = defaultdict(list)
    for number in range(runs):
        place = folder / f"run{number}"
        place.mkdir()
        _once(World(place, new_database), devices, sums)
        shutil.rmtree(place)
    for (name, unit), values in sums.items():
        yield Figure(name, unit, tuple(values), f"{devices:,} devices")


def _once(world: World, devices: int, sums: Sums) -> None:
    place = world.folder
    world.found_central()
    world.found_satellite()
    tokens = {"satellite": world.token(), "central": world.token("central", pool="Spare")}
    made = open_satellite(place / "satellite")
    fill_site(made, Fleet(devices))
    with served(place / "satellite", "satellite") as near, served(place / "central", "central") as far:
        servers = {"satellite": near, "central": far}
        site = Site(place, sums, servers, {name: _device(place, servers[name], name, tokens[name]) for name in servers})
        site.measure("start and end of a command", "satellite", "status")
        site.round_trip("full", "--full")
        change_devices(made, CHANGES)
        site.round_trip(f"difference of {CHANGES} changes")
        site.measure("removal of the satellite", "central", "satellite", "remove", ACCOUNT, "North")
    made.database.dispose()


def _device(place: Path, server: Server, serial: str, token: str) -> Device:
    folder = place / f"device-{serial}"
    folder.mkdir()
    device = Device(folder, clock=DeviceClock(folder))
    device.register(
        RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial=serial)),
        (place / "root.json").read_bytes(),
        server,
    )
    return device


def _on_postgresql(folder: Path) -> Iterable[Figure]:
    with cluster() as new_database:
        yield from _measure(folder, devices=10_000, new_database=new_database)


PARTS = [
    Part("sync-10k", "a site of 10,000 devices, SQLite", partial(_measure, devices=10_000)),
    Part("sync-10k-postgresql", "a site of 10,000 devices, PostgreSQL", _on_postgresql),
    Part("sync-100k", "a site of 100,000 devices, SQLite", partial(_measure, devices=100_000)),
]
