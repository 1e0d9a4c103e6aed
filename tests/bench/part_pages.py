"""Pages of a satellite's console over a large site: each list, its filters and its search, as a browser asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.bench.cluster import cluster
from tests.bench.figures import RUNS, Figure, Part
from tests.bench.fleet import Fleet, fill_site
from tests.bench.part_devices import USES, Load, Runs
from tests.bench.servers import serving
from tests.bench.visitor import visited
from tests.console import Browser
from tests.world import World

DEVICES, VISITS = 100_000, 9
RENEWING, RENEWALS, LANES = 384, 6000, 16
EXPORT = "/instances?as=csv"
PASSWORD = "a long enough secret"
PAGES = {
    "dashboard": "/",
    "product instances": "/instances",
    "product instances, by last contact": "/instances?sort=-last_contact",
    "product instances, by state": "/instances?sort=state",
    "product instances, active": "/instances?state=active",
    "product instances, out of compliance": "/instances?compliance=out_of_compliance",
    "product instances, a text": "/instances?q=floor7",
    "product instances of a licence": "/instances?tag=ADVANTAGE",
    "licences": "/licences",
    "event log": "/events",
    "event log, a kind": "/events?kind=instance:",
    "alerts": "/alerts",
    "tokens": "/tokens",
    "export queue": "/export-queue",
    "virtual accounts": "/virtual-accounts",
    "tasks": "/tasks",
    "search, a serial": "/search?q=f00",
}


def _measure(
    folder: Path, devices: int = DEVICES, visits: int = VISITS, new_database: Callable[[str], str] | None = None
) -> Iterable[Figure]:
    world = World(folder, new_database)
    world.found_central()
    world.found_satellite()
    world.satellite("user", "add", "anna", "--role", "administrator", "--password-file", world.file("pw", PASSWORD))
    site = open_satellite(folder / "satellite")
    fill_site(site, Fleet(devices))
    browser = Browser(make_app(site).rest)
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    for name, path in PAGES.items():
        took = []
        for _ in range(visits):
            begin = time.perf_counter()
            found = browser.get(path)
            took.append((time.perf_counter() - begin) * 1000)
            assert found.status_code == 200, (path, found.status_code)
        detail = {"path": path, "bytes": len(found.data), "worst_ms": max(took), "median_ms": median(took)}
        yield Figure(f"page: {name}", "ms", tuple(took), f"{devices:,} devices", detail)
    site.database.dispose()


def _beside_devices(folder: Path, devices: int = DEVICES) -> Iterable[Figure]:
    """Renewals of devices alone, and while pages are browsed and a list is exported, in turn."""
    world = World(folder)
    world.found_central()
    world.found_satellite()
    world.satellite("user", "add", "anna", "--role", "administrator", "--password-file", world.file("pw", PASSWORD))
    site = open_satellite(folder / "satellite")
    fill_site(site, Fleet(devices))
    site.database.dispose()
    pages = [path for name, path in PAGES.items() if name not in {"tasks", "export queue"}]
    with serving("satellite", folder / "satellite", tls=False) as server:
        load = Load(world, server, "satellite")
        load.register(Runs("", ""), RENEWING, LANES)
        load.renew(Runs("", ""), RENEWING, LANES, USES)
        name, data = f"renewals, satellite, sqlite, no TLS, {LANES} connections", f"{devices:,} devices"
        alone, beside = Runs(f"{name}, no page", data), Runs(f"{name}, pages and CSV export", data)
        took: list[float] = []
        for _ in range(RUNS):
            load.renew(alone, RENEWALS, LANES, USES)
            with visited(server.port, "anna", PASSWORD, pages, EXPORT) as visitor:
                load.renew(beside, RENEWALS, LANES, USES)
                took += [seconds * 1000 for seconds in visitor.took]
        yield from alone.figures()
        yield from beside.figures()
        shares = tuple(
            100 * with_pages / without for with_pages, without in zip(beside.rates, alone.rates, strict=True)
        )
        yield Figure("renewals beside pages and CSV export, of those alone", "%", shares, data)
        yield Figure("page beside renewals and CSV export", "ms", tuple(took), data)
        memory = server.memory_mib()
        with visited(server.port, "anna", PASSWORD, ["/"], EXPORT) as visitor:
            highest = memory
            while not visitor.lines:
                time.sleep(0.1)
                highest = max(highest, server.memory_mib())
        assert visitor.lines >= devices
        yield Figure("CSV export without devices", "s", (visitor.seconds,), f"{visitor.lines:,} rows")
        yield Figure("CSV export: memory of the server above what it had", "MiB", (highest - memory,), data)


def _on_postgresql(folder: Path) -> Iterable[Figure]:
    with cluster() as new_database:
        yield from _measure(folder, new_database=new_database)


PARTS = [
    Part("pages-busy", "devices beside pages and a CSV export of 100,000 rows, SQLite", _beside_devices),
    Part("pages", "pages of the console of a site with 100,000 devices, one browser, SQLite", _measure),
    Part(
        "pages-postgresql",
        "pages of the console of a site with 100,000 devices, one browser, PostgreSQL",
        _on_postgresql,
    ),
]
