"""Central on a real cluster: Patroni, etcd and three PostgreSQL servers; the primary is killed again and again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cluster.nodes import Load, Site, check, prepare, serving
from tests.cluster.patroni import MEMBERS, TTL_SECONDS, programs, started
from tests.faults.harness import seed
from tests.world import World

REPORT = Path(__file__).resolve().parents[2] / "build" / "cluster" / "report.json"
KILLED = ("server", "server", "machine", "server")


@pytest.mark.long
@pytest.mark.system
@pytest.mark.skipif(
    "PERIGEE_CLUSTER" not in os.environ or programs() is None, reason="takes two minutes: `make cluster-test` runs it"
)
@pytest.mark.row("B8")
def test_a_primary_that_is_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    """Three nodes go on by themselves after each fail-over: nothing acknowledged is lost, nothing is applied twice."""
    fail_overs = []
    with started() as cluster:
        world = World(tmp_path, lambda program: cluster.address if program == "central" else "")
        (tmp_path / "satellite").mkdir()
        (tmp_path / "satellite" / "config.toml").write_text("")
        token = prepare(world)
        with serving(world) as nodes:
            load = Load(nodes, token, seed())
            site = Site(world, load)
            load.begin()
            site.finish(site.begin())
            for what in KILLED:
                load.wait_for(10)
                sent, member, at = site.begin(), cluster.primary(), time.monotonic()
                member.kill_server() if what == "server" else member.kill_machine()
                cluster.wait(lambda gone=member: cluster.leader() not in {"", gone.name}, "no other server took over")
                promoted = time.monotonic() - at
                load.wait_for(10)
                site.finish(sent)
                pause = load.longest_pause(at)
                fail_overs.append(
                    {"killed": what, "primary": member.name, "new_primary_seconds": round(promoted, 1)}
                    | {"longest_pause_seconds": round(pause, 1)}
                )
                if member.process is None:
                    cluster.start(member)
                cluster.wait_whole()
            site.finish(site.begin())
            load.end()
            counted = check(world, load, site, cluster.address)
        world.close()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    told = {"nodes": len(nodes), "database_servers": MEMBERS, "ttl_seconds": TTL_SECONDS, "processors": os.cpu_count()}
    REPORT.write_text(json.dumps({**told, "fail_overs": fail_overs, "counted": counted}, indent=2) + "\n")
    assert len(fail_overs) == len(KILLED)
    assert counted["synchronizations"] == len(KILLED) + 2
