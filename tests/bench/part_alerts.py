"""Alerts and ended terms over a large account, and the alerts of a large site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from central.runtime import open_central
from satellite.runtime import open_satellite
from tests.bench.figures import RUNS, Figure, Part
from tests.bench.fleet import Fleet, fill_account, fill_ledger, fill_site
from tests.bench.running import Watch, health, run, served
from tests.world import World

DEVICES, LOTS, SILENT, ENDED = 100_000, 1_000_000, 2_000, 5_000
DATA = f"{DEVICES:,} devices, {SILENT:,} of them silent; {LOTS:,} lots, {ENDED:,} of them just ended"


def _measure(folder: Path) -> Iterable[Figure]:
    world = World(folder)
    world.found_central()
    world.found_satellite()
    vendor, site = open_central(folder / "central"), open_satellite(folder / "satellite")
    fill_account(vendor, DEVICES, silent=SILENT)
    fill_ledger(vendor, LOTS, ended=ENDED)
    fill_site(site, Fleet(DEVICES))
    vendor.database.dispose()
    site.database.dispose()
    yield from _job(folder / "central", "terms", "terms that end, the first time", DATA, runs=1)
    yield from _job(folder / "central", "alerts", "alerts of the account, the first time", DATA, runs=1)
    yield from _job(folder / "central", "alerts", "alerts of the account, nothing changed", DATA)
    yield from _job(folder / "satellite", "alerts", "alerts of a site", f"{DEVICES:,} devices")


def _job(home: Path, job: str, what: str, data: str, *, runs: int = RUNS) -> Iterable[Figure]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with served(home, home.name) as server:
        for _ in range(runs):
            with Watch(health(server.url)) as lives:
                ran = run(home, home.name, "jobs", "run", job)
            found[what, "s"].append(ran.seconds)
            found[f"{what}, processor", "s"].append(ran.processor_seconds)
            found[f"{what}, peak memory", "MB"].append(ran.peak_megabytes)
            found[f"{what}, worst /healthz", "ms"].append(lives.worst * 1000)
    for (name, unit), values in found.items():
        yield Figure(name, unit, tuple(values), data)


PARTS = [Part("alerts", "alerts and ended terms over 100,000 devices and 1,000,000 lots, SQLite", _measure)]
