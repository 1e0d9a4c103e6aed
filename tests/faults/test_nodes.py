"""Several homes of one central on a common PostgreSQL: each is known, none is taken for a restored copy of another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import central.cli
from central.domain.operations.models import JobRun
from central.domain.operations.rules import ALIVE, Origin, Place, is_copy, origin_of
from central.jobs.catalogue import jobs_of
from central.runtime import open_central
from serverkit.jobs.runs import find_job, run_job
from tests.faults.test_founding import apart
from tests.world import ACCOUNT, World

NEVER = {"marked": False, "shared": True, "noted": False}


@pytest.mark.row("S2.6", "B8")
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"anchored": None, "answers": 0}, Origin.GOES_ON),
        ({"anchored": None, "answers": 9}, Origin.NEW),
        ({"anchored": None, "answers": 9, "noted": True}, Origin.RESTORED),
        ({"anchored": None, "answers": 9, "shared": False}, Origin.RESTORED),
        ({"anchored": 7, "answers": 9}, Origin.GOES_ON),
        ({"anchored": 9, "answers": 9}, Origin.GOES_ON),
        ({"anchored": 10, "answers": 9}, Origin.RESTORED),
        ({"anchored": 10, "answers": 9, "noted": True}, Origin.RESTORED),
        ({"anchored": 3, "answers": 9, "marked": True}, Origin.RESTORED),
    ],
)
def test_only_an_anchor_that_is_ahead_or_of_another_home_means_restored(given: dict[str, Any], found: Origin) -> None:
    """A home without an anchor is new only on a shared database that does not know it."""
    assert origin_of(**(NEVER | given)) is found


@pytest.mark.row("B8")
def test_an_id_is_a_copy_while_its_node_runs_elsewhere() -> None:
    """The same id at another place: a copy while the first was seen lately, a home that moved afterwards."""
    here, there, now = Place("a", "/state"), Place("b", "/state"), datetime(2027, 1, 1, tzinfo=UTC)
    assert is_copy(there, here, now - ALIVE / 2, now)
    assert not is_copy(there, here, now - ALIVE, now)
    assert not is_copy(here, here, now, now)


@pytest.fixture
def shared(tmp_path: Path, postgresql: Callable[[str], str]) -> World:
    """A central on PostgreSQL with an authorized satellite, synchronized once."""
    world = World(tmp_path, postgresql)
    world.found_central()
    world.found_satellite()
    world.synchronize("first")
    return world


def another_home(world: World, name: str = "central-two", *more: str) -> Callable[..., dict[str, Any]]:
    """What an administrator does for a second node: settings and keys, nothing else; returns its commands."""
    target = world.folder / name
    target.mkdir(mode=0o700)
    for entry in ("config.toml", "keys", "lab-clock.json", *more):
        source = world.folder / "central" / entry
        shutil.copytree(source, target / entry) if source.is_dir() else shutil.copy(source, target / entry)
    return lambda *words, code=0: world.run(central.cli.main, name, *words, code=code)


def epoch_of(world: World) -> int:
    """The epoch that central has for the satellite."""
    return int(world.central("satellite", "list", ACCOUNT)["items"][0]["epoch"])


@pytest.mark.system
@pytest.mark.row("B8", "S2.6")
def test_two_homes_of_one_central_share_a_database(shared: World) -> None:
    """The second goes on where the first is: same epoch, both answer requests, both are listed, a slot runs once."""
    two, before = another_home(shared), epoch_of(shared)
    listed = two("node", "list")["items"]
    assert [Path(node["home"]).name for node in listed] == ["central", "central-two"]
    assert [node["here"] for node in listed] == [False, True]
    assert all(node["running"] and node["version"] for node in listed)
    assert [node["here"] for node in shared.central("node", "list")["items"]] == [True, False]
    for mark, commands in (("a", two), ("b", shared.central), ("c", two)):
        shared.satellite("sync", "export", "--output", shared.file(f"request-{mark}"), "--full")
        commands("sync", "import", shared.file(f"request-{mark}"), "--output", shared.file(f"response-{mark}"))
        assert shared.satellite("sync", "import", shared.file(f"response-{mark}"))["outcome"] == "applied"
    assert epoch_of(shared) == before
    events = shared.central("events")["items"]
    assert [event["subject"]["home"] for event in events if event["kind"] == "node:joined"] == [listed[1]["home"]]

    states = []
    for home in ("central", "central-two"):
        server = open_central(shared.folder / home)
        states.append(run_job(server.database, JobRun, find_job(jobs_of(server), "deadlines")).state)
        server.database.dispose()
    assert states == ["done", "taken"]


@pytest.mark.system
@pytest.mark.row("S2.6")
@pytest.mark.parametrize("fault", ["database", "anchor"])
def test_a_node_whose_anchor_is_ahead_or_lost_finds_the_restore(shared: World, fault: str) -> None:
    """The database restored behind one node, or a known node without its anchor: new epochs, as with one home."""
    two, before = another_home(shared), epoch_of(shared)
    two("node", "list")
    if fault == "database":
        shared.sql("central", "UPDATE counters SET value = value - 1 WHERE name = 'answers'")
    else:
        shutil.rmtree(shared.folder / "central-two" / "anchor")
    two("node", "list")
    assert epoch_of(shared) > before
    after = epoch_of(shared)
    two("node", "list")
    assert epoch_of(shared) == after


@pytest.mark.system
@pytest.mark.row("B8")
def test_a_home_copied_with_its_anchor_is_a_node_of_its_own(shared: World) -> None:
    """The copy takes an id of its own while the first runs; a home that moved keeps its id."""
    two, before = another_home(shared, "central-two", "anchor"), epoch_of(shared)
    assert len({node["id"] for node in two("node", "list")["items"]}) == 2
    shared.advance("1h")
    (shared.folder / "central-two").rename(shared.folder / "central-moved")
    (shared.folder / "central-moved" / "lab-clock.json").write_bytes(
        (shared.folder / "central" / "lab-clock.json").read_bytes()
    )
    moved = shared.run(central.cli.main, "central-moved", "node", "list")["items"]
    assert [Path(node["home"]).name for node in moved] == ["central", "central-moved"]
    assert epoch_of(shared) == before


@pytest.mark.system
@pytest.mark.row("B8", "C1.1")
def test_of_several_inits_on_one_database_one_wins(tmp_path: Path, postgresql: Callable[[str], str]) -> None:
    """Homes that are founded at once on an empty database: one central, the others change nothing and may try again."""
    world, address = World(tmp_path), postgresql("")
    names = ("central-a", "central-b", "central-c")
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(f'[database]\nurl = "{address}"\n', encoding="utf-8")

    def found(name: str) -> Callable[[], Any]:
        def work() -> Any:
            try:
                words = ("init", "--vendor", name, "--root-keys", world.file(f"keys-{name}"), "--lab")
                return world.run(central.cli.main, name, *words)
            except AssertionError as error:
                return {"refused": str(error)}

        return work

    ended = dict(zip(names, apart([found(name) for name in names]), strict=True))
    won = [name for name, answer in ended.items() if "id" in answer]
    assert len(won) == 1, ended
    assert all("database_of_another_home" in json.dumps(ended[name]) for name in names if name not in won), ended
    assert not any((tmp_path / name / "keys").exists() for name in names if name not in won)
    assert [node["here"] for node in world.run(central.cli.main, won[0], "node", "list")["items"]] == [True]
