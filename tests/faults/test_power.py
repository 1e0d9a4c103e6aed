"""Power cuts: whatever of the unsynchronized writes is lost, kept or torn, what was acknowledged is there, whole."""

from __future__ import annotations

import gc
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

import serverkit.db.engine
from serverkit import files
from tests.faults.harness import seed
from tests.faults.powercut import Recording, cuts, driver
from tests.world import ACCOUNT, World

STATES = 150
NUMBERS = count()


@pytest.fixture
def recorded(
    site: World, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[World, Recording]]:
    """A site one of whose servers works on the recording layer from now on."""
    server, replace = getattr(request, "param", ("satellite", None))
    site.close()
    # Locks of one process do not keep two SQLite libraries apart: the other one must have let go of everything.
    gc.collect()
    database = site.folder / server / f"{server}.db"
    with closing(sqlite3.connect(database)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    recording = Recording({database.name: database.read_bytes()})
    module, layer = driver(recording, f"recorder{next(NUMBERS)}", replace)
    original = sqlalchemy.create_engine

    def create_engine(url: sqlalchemy.URL, **options: Any) -> sqlalchemy.Engine:
        return original(url, module=module, **options) if f"{server}.db" in str(url) else original(url, **options)

    monkeypatch.setattr(serverkit.db.engine, "create_engine", create_engine)
    yield site, recording
    site.close()
    layer.unregister()


def work(site: World, recording: Recording) -> None:
    """Each kind of change, acknowledged to the outside one after the other."""
    token = site.token()
    for number in range(6):
        device = site.device(f"SN{number}", token=token)
        recording.ack(("device", f"SN{number}"))
        device.use("ADVANTAGE", 1 + number % 3)
        recording.ack(("use", f"SN{number}", 1 + number % 3))
        if number % 2 == 0:
            device.request_export("STRONG", 1)
            recording.ack(("request", f"SN{number}"))
            made = site.satellite("sync", "export", "--output", site.file("q"))
            recording.ack(("seq", made["sequence"]))
            site.central("sync", "import", site.file("q"), "--output", site.file("r"))
            done = site.satellite("sync", "import", site.file("r"))
            recording.ack(("rseq", done["sequence"]))
            device.renew_authorization()


def missing(folder: Path, known: list[Any]) -> list[str]:
    """What is wrong with a state: unreadable, not whole, or an acknowledged thing that is not there."""
    with closing(sqlite3.connect(folder / "satellite.db")) as db:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        wrong = [] if found == ["ok"] else [f"integrity: {found[0]}"]
        serials = {row[0] for row in db.execute("SELECT json_extract(udi, '$.serial') FROM instances")}
        uses = dict(
            db.execute(
                "SELECT json_extract(i.udi, '$.serial'), c.count FROM claims c JOIN instances i ON i.id = c.instance_id"
            )
        )
        queue = {
            row[0]
            for row in db.execute(
                "SELECT json_extract(i.udi, '$.serial') FROM export_queue q JOIN instances i ON i.id = q.instance_id"
            )
        }
        seq, rseq = db.execute("SELECT last_seq, applied_rseq FROM site").fetchone()
        stored = {row[0] for row in db.execute("SELECT seq FROM requests")}
        # One transaction, one effect: a device with its key, its token's use and its event, or nothing of it.
        keys = {
            row[0]
            for row in db.execute(
                "SELECT json_extract(i.udi, '$.serial') FROM device_keys k JOIN instances i ON i.id = k.instance_id"
            )
        }
        used = sum(row[0] for row in db.execute("SELECT uses FROM tokens"))
    if keys != serials or used != len(serials):
        wrong.append(f"half a registration: {len(serials)} devices, {len(keys)} keys, {used} uses of tokens")
    if stored != set(range(1, seq + 1)):
        wrong.append(f"half an export: {seq} made, {sorted(stored)} stored")
    for kind, *facts in known:
        if kind == "device":
            there = facts[0] in serials
        elif kind == "use":
            there = uses.get(facts[0]) == facts[1]
        elif kind == "request":
            there = facts[0] in queue
        else:
            there = {"seq": seq, "rseq": rseq}[kind] >= facts[0]
        if not there:
            wrong.append(f"lost: {kind} {facts}")
    return wrong


@pytest.mark.long
@pytest.mark.row("S4.1", "S4.2", "S2.1")
def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(
    recorded: tuple[World, Recording], tmp_path: Path
) -> None:
    """Registration, use, restricted request, export and import: every state of the disk is whole and holds them all."""
    chance = random.Random(seed())
    world, recording = recorded
    work(world, recording)
    bad = [
        wrong
        for known in cuts(recording, chance, STATES, tmp_path / "cut")
        if (wrong := missing(tmp_path / "cut", known))
    ]

    assert len([op for op in recording.ops if op.kind == "sync"]) > 20
    assert bad == []


@pytest.mark.long
@pytest.mark.parametrize("recorded", [("satellite", ("synchronous=FULL", "synchronous=NORMAL"))], indirect=True)
@pytest.mark.row("S4.1")
def test_the_power_cut_test_sees_a_weaker_setting(recorded: tuple[World, Recording], tmp_path: Path) -> None:
    """With synchronous=NORMAL the same cuts lose acknowledged changes: the test above can fail."""
    world, recording = recorded
    work(world, recording)
    bad = [
        wrong
        for known in cuts(recording, random.Random(1), STATES // 3, tmp_path / "cut")
        if (wrong := missing(tmp_path / "cut", known))
    ]

    assert bad
    assert all("lost" in line for wrong in bad for line in wrong if "half" not in line)


def missing_at_central(folder: Path, known: list[Any]) -> list[str]:
    """The same for central: answers that were given, and totals that fit what they stand for."""
    with closing(sqlite3.connect(folder / "central.db")) as db:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        wrong = [] if found == ["ok"] else [f"integrity: {found[0]}"]
        last = db.execute("SELECT last_seq FROM satellites").fetchone()[0]
        answered = {row[0] for row in db.execute("SELECT seq FROM answered_requests WHERE response IS NOT NULL")}
        claimed = db.execute("SELECT coalesce(sum(count), 0) FROM claims").fetchone()[0]
        total = db.execute("SELECT coalesce(sum(claimed), 0) FROM pool_totals").fetchone()[0]
    if not set(range(last + 1)) <= answered:
        wrong.append(f"half an answer: {last} taken, {sorted(answered)} answered")
    if claimed != total:
        wrong.append(f"half a request: {claimed} claimed, {total} in total")
    return wrong + [f"lost: {fact}" for fact in known if fact[1] > last]


@pytest.mark.long
@pytest.mark.parametrize("recorded", [("central", None)], indirect=True)
@pytest.mark.row("C11.2", "S2.5")
def test_a_power_cut_at_central_loses_no_answer_that_was_given(
    recorded: tuple[World, Recording], tmp_path: Path
) -> None:
    """Each request that was answered is there with its answer, and the totals fit the claims, in every state of the disk."""
    chance = random.Random(seed())
    world, recording = recorded
    device = world.device("SN1")
    for number in range(5):
        device.use("ADVANTAGE", 1 + number % 3)
        _, answered, _ = world.synchronize(f"p{number}")
        recording.ack(("answered", answered["answers"]))
    bad = [
        wrong
        for known in cuts(recording, chance, STATES // 2, tmp_path / "cut")
        if (wrong := missing_at_central(tmp_path / "cut", known))
    ]

    assert len([op for op in recording.ops if op.kind == "sync"]) > 5
    assert bad == []


@pytest.mark.row("S2.1")
def test_a_file_is_renamed_only_when_its_content_lasts_and_released_only_when_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Write, sync the file, rename, sync the folder: in any other order a cut could leave a mix or nothing."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append("sync folder" if name.is_dir() else f"sync {name.stat().st_size} bytes")
        fsync(descriptor)

    def seen_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", seen_replace)
    files.write_atomic(tmp_path / "file", b"x" * 10_000)

    assert steps == ["sync 10000 bytes", "rename", "sync folder"]


@pytest.mark.row("S2.6", "S2.1")
def test_commit_comes_before_the_anchor_and_the_anchor_before_the_file(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On both sides the file is released last, so that no file is known outside that its maker does not know."""
    steps: list[str] = []
    replace = Path.replace

    def seen_replace(self: Path, target: Path) -> Path:
        steps.append(target.name)
        return replace(self, target)

    def committed(_connection: Any) -> None:
        steps.append("commit")

    monkeypatch.setattr(Path, "replace", seen_replace)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", committed)
    try:
        site.satellite("sync", "export", "--output", site.file("q"))
        site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "commit", committed)

    # A command may commit the time of its clock first, in a transaction of its own.
    in_order = [step for step, _ in groupby(steps)]
    assert in_order == ["commit", "anchor.json", "q", "commit", "anchor.json", "r"]
    assert site.central("satellite", "list", ACCOUNT)["items"][0]["sequence"] == 1
