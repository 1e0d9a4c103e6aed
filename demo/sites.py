"""Two more customers and three more sites: one that works, one whose file was damaged on its way, one that waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.changes import ESSENTIALS, text
from demo.commands import DemoError, Server, expect, run

if TYPE_CHECKING:
    from demo.story import Story

DEVICES = 12

Command = Callable[..., dict[str, Any]]
"""A command of one satellite: its words, and the exit code that is expected."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site: its customer, its name, and how far it comes in the story."""

    domain: str
    name: str
    pool: str
    devices: int = 0
    damaged: bool = False

    @property
    def folder(self) -> str:
        """The name of its files."""
        return self.name.lower().replace(" ", "-")


CUSTOMERS = {"harbour.example": "Example Harbour", "city.example": "Example City"}
SITES = (
    Site("harbour.example", "Crane Control", "Cranes", devices=DEVICES),
    Site("city.example", "Water Works", "Water", devices=DEVICES, damaged=True),
    Site("city.example", "Tunnel Control", "Tunnels"),
)


def add_customers(story: Story) -> str:
    """The other accounts, each with a virtual account and licences."""
    for domain, name in CUSTOMERS.items():
        story.central("account", "create", domain, "--name", name)
        story.central("agreement", "accept", domain)
        columns = ("virtual_account", "tag", "quantity", "type", "order_number", "order_line")
        rows = []
        for line, site in enumerate((site for site in SITES if site.domain == domain), start=1):
            story.central("virtual-account", "create", domain, site.pool)
            rows.append((site.pool, ESSENTIALS, 2 * DEVICES, "perpetual", "PO-2026-0101", line))
        story.central("order", "import", domain, story.write(f"orders-{domain}.csv", text(columns, rows)))
    known = {item["domain"] for item in story.central("account", "list")["items"]}
    expect(known > set(CUSTOMERS), f"accounts are {sorted(known)}")
    return f"{len(known)} accounts: {', '.join(sorted(known))}"


def add_sites(story: Story) -> str:
    """Three sites, at the same time, as they are apart from each other."""
    with ThreadPoolExecutor(len(SITES)) as pool:
        done = list(pool.map(lambda site: _one(story, site), SITES))
    return "; ".join(done)


def _one(story: Story, site: Site) -> str:
    home, files = story.folder / site.folder, story.folder / f"{site.folder}-files"
    files.mkdir()

    def satellite(*words: str, code: int = 0) -> dict[str, Any]:
        return run("satellite", *words, home=home, code=code)

    satellite("init", "--name", site.name, "--root", story.file("root.json"))
    satellite("registration", "export", "--output", str(files / "registration.pgx"))
    story.central(
        "satellite", "add", site.domain, "--name", site.name, "--registration", str(files / "registration.pgx"),
        "--virtual-account", site.pool,
    )  # fmt: skip
    story.central("satellite", "authorize", site.domain, site.name, "--output", str(files / "authorization.pgx"))
    satellite("registration", "import", str(files / "authorization.pgx"))
    satellite("setup", "finish", "--mode", "manual")
    if not site.devices:
        return f"{site.name} waits for its first synchronization"
    _register_devices(story, site, home, files)
    _synchronize(story, satellite, files)
    if site.damaged:
        code = _damage_next(story, satellite, files)
        return f"{site.name} refused a damaged file ({code})"
    return f"{site.name} is in order with {site.devices} devices"


def _register_devices(story: Story, site: Site, home: Path, files: Path) -> None:
    """Devices of one real model register at the site's server, which ends after it: the site has no network."""
    inventory = files / "inventory.json"
    inventory.write_text(json.dumps({**story.inventory("Campus"), "devices": [_model(story)]}), encoding="utf-8")
    made = run("satellite", "token", "create", "--virtual-account", site.pool, "--days", "30", home=home)
    (files / "token").write_text(made["token"], encoding="ascii")
    with Server("satellite", home, log=files / "server.log") as server:
        done = run(
            "agent", "fleet", "run", "--inventory", str(inventory), *server.where,
            "--token-file", str(files / "token"), "--root", story.file("root.json"),
            "--count", str(site.devices), "--parallel", "4", "--names", site.pool.lower(), home=files / "fleet",
        )  # fmt: skip
    expect(done["registered"] == site.devices and not done["failed"], f"{done['failed']} devices of {site.name} failed")


def _model(story: Story) -> dict[str, Any]:
    """A real device that uses the licence that these customers buy; nothing else of it is taken."""
    devices: Iterable[dict[str, Any]] = story.inventory("Campus")["devices"]
    for device in devices:
        used = [licence for licence in device["licences"] if licence["entitlement"] == ESSENTIALS]
        if used:
            return {**device, "licences": [{**used[0], "count": 1}]}
    raise DemoError(f"no sample device uses {ESSENTIALS}")


def _synchronize(story: Story, satellite: Command, files: Path) -> None:
    request, response = str(files / "request-1.pgx"), str(files / "response-1.pgx")
    satellite("sync", "export", "--output", request)
    story.central("sync", "import", request, "--output", response)
    satellite("sync", "import", response)


def _damage_next(story: Story, satellite: Command, files: Path) -> str:
    """The next response loses its end on the way: the satellite names it, and raises an alert."""
    request, response = files / "request-2.pgx", files / "response-2.pgx"
    satellite("sync", "export", "--output", str(request))
    story.central("sync", "import", str(request), "--output", str(response))
    response.write_bytes(response.read_bytes()[:-40])
    code = satellite("sync", "import", str(response), code=1)["error"]["code"]
    kinds = {alert["kind"] for alert in satellite("alerts")["items"]}
    expect("satellite_sync_failed" in kinds, f"alerts of the site are {sorted(kinds)}")
    return str(code)
