"""Pages of a satellite's console over a large site: each list, its filters and its search, as a browser asks for them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.bench.figures import Figure, Part
from tests.bench.fleet import Fleet, fill_site
from tests.console import Browser
from tests.world import World

DEVICES, VISITS = 100_000, 9
PASSWORD = "a long enough secret"
PAGES = {
    "dashboard": "/",
    "product instances": "/instances",
    "product instances, by last contact": "/instances?sort=-last_contact",
    "product instances, by state": "/instances?sort=state",
    "product instances, active": "/instances?state=active",
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


def _measure(folder: Path, devices: int = DEVICES, visits: int = VISITS) -> Iterable[Figure]:
    world = World(folder)
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


PARTS = [Part("pages", "pages of the console of a site with 100,000 devices, one browser, SQLite", _measure)]
