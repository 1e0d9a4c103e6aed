"""Pages of central's portal over a large account: each list, its filters and its search, as a browser asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, event

from central.actions.figures import keep_figures
from central.app import make_app
from central.runtime import open_central
from tests.bench.cluster import cluster
from tests.bench.estate import Estate, fill_estate
from tests.bench.estate_pages import pages
from tests.bench.figures import Figure, Part
from tests.console import Browser
from tests.world import World

VISITS = 5
PASSWORD = "a long enough secret"
LARGE = Estate()


@contextmanager
def counting(engine: Engine) -> Iterator[list[int]]:
    """How many statements an engine is sent."""
    sent = [0]

    def note(*_: Any) -> None:
        sent[0] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _measure(
    folder: Path, estate: Estate = LARGE, new_database: Callable[[str], str] | None = None
) -> Iterable[Figure]:
    world = World(folder, new_database)
    world.found_central()
    world.found_satellite()
    world.central("user", "add", "anna", "--role", "vendor_administrator")
    world.central("user", "password", "anna", "--password-file", world.file("secret", PASSWORD + "\n"))
    server = open_central(folder / "central")
    data = f"{estate.lots:,} lots, {estate.pools:,} virtual accounts, {estate.devices:,} devices"
    for name, work in (("filled", lambda: fill_estate(server, estate)), ("added up", lambda: keep_figures(server))):
        begun = time.process_time()
        work()
        yield Figure(f"account: {name}, processor", "s", (time.process_time() - begun,), data)
    browser = Browser(make_app(server).rest)
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    with counting(server.database.engine) as sent:
        for name, path in pages(server).items():
            took, used, statements = [], [], []
            for _ in range(VISITS):
                begun, processor, sent[0] = time.perf_counter(), time.process_time(), 0
                found = browser.get(path)
                found.get_data()
                used.append((time.process_time() - processor) * 1000)
                took.append((time.perf_counter() - begun) * 1000)
                statements.append(sent[0])
                assert found.status_code in {200, 303}, (path, found.status_code)
            detail = {"path": path, "statements": max(statements), "median_ms": median(took), "worst_ms": max(took)}
            yield Figure(f"page: {name}, processor", "ms", tuple(used), data, detail)
    server.database.dispose()


def _on_postgresql(folder: Path) -> Iterable[Figure]:
    with cluster() as new_database:
        yield from _measure(folder, new_database=new_database)


PARTS = [
    Part("portal", "pages of central's portal: 1,000,000 lots, 100,000 devices, one browser, SQLite", _measure),
    Part("portal-postgresql", "the same on PostgreSQL, its own processor time apart", _on_postgresql),
]
