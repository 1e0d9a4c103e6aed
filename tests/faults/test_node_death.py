"""Three nodes of one central under load on one PostgreSQL, of which one dies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.nodes import Load, Site, check, prepare, serving
from tests.faults.harness import seed
from tests.world import World


@pytest.mark.long
@pytest.mark.system
@pytest.mark.row("B8", "S4.1")
def test_a_node_that_dies_under_load_loses_nothing(tmp_path: Path, postgresql: Callable[[str], str]) -> None:
    """Devices, a signed-in person and a site go on at the two other nodes: nothing lost, nothing twice, numbers go up."""
    addresses: list[str] = []

    def new_database(program: str) -> str:
        addresses.append(postgresql(program))
        return addresses[-1]

    world = World(tmp_path, new_database)
    token = prepare(world)
    url = next(one for one in addresses if one in (tmp_path / "central" / "config.toml").read_text())
    with serving(world) as nodes:
        load = Load(nodes, token, seed())
        site = Site(world, load)
        load.begin()
        site.finish(site.begin())
        load.wait_for(10)
        sent, died = site.begin(), time.monotonic()
        nodes[1].kill()
        load.wait_for(10)
        site.finish(sent)
        site.finish(site.begin())
        load.end()
        counted = check(world, load, site, url)
    world.close()
    assert load.longest_pause(died) < 30
    assert counted["pages"] > 2
    assert counted["answers_503"] == 0, load.strange[:3]
