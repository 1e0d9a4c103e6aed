"""Large sites: the cost of a synchronization in statements and memory, who is kept waiting, what an alert looks at."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, Select, event, text
from sqlalchemy.orm import Session

from central.runtime import open_central
from exchange.files.packing import ClaimText
from satellite.runtime import open_satellite
from satellite.sync import request_rows
from satellite.sync.make_request import make_request, prepare_request
from satellite.sync.request_rows import claims_since, events_since, instances_since
from serverkit.actor import OPERATOR
from tests.bench.fleet import Fleet, change_devices, fill_site
from tests.world import ACCOUNT, World


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that any engine of this process is sent."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def fill(world: World, devices: int) -> None:
    """Give the site devices."""
    made = open_satellite(world.folder / "satellite")
    fill_site(made, Fleet(devices))
    made.database.dispose()


def counted(world: World, side: str, *words: str) -> int:
    """How many statements a command sends."""
    with statements() as seen:
        (world.central if side == "central" else world.satellite)(*words)
    return len(seen)


def life(world: World, devices: int) -> dict[str, int]:
    """The statements of each step in the life of a site."""
    fill(world, devices)
    request, response = world.file("request"), world.file("response")
    found = {
        "make": counted(world, "satellite", "sync", "export", "--full", "--output", request),
        "apply": counted(world, "central", "sync", "import", request, "--output", response),
        "take": counted(world, "satellite", "sync", "import", response),
    }
    world.advance("40d")
    found["alerts"] = counted(world, "satellite", "jobs", "run", "alerts")
    found["remove"] = counted(world, "central", "satellite", "remove", ACCOUNT, "North")
    return found


@pytest.mark.row("E3")
@pytest.mark.both_databases
def test_the_statements_of_a_synchronization_do_not_grow_with_the_site(site: World, tmp_path_factory: Any) -> None:
    """Ten times the devices cost the same number of statements: to send, apply, take, warn of and remove."""
    other = World(tmp_path_factory.mktemp("other"), site.new_database)
    other.found_central()
    other.found_satellite()

    few, many = life(site, 50), life(other, 500)

    assert {step: many[step] - few[step] for step in few if many[step] > few[step] + 3} == {}
    assert site.central("ledger", "verify")["findings"] == other.central("ledger", "verify")["findings"] == []


def peak(world: World, *words: str, side: str) -> float:
    """Peak of what Python held during a command, in MB."""
    tracemalloc.start()
    (world.central if side == "central" else world.satellite)(*words)
    found = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return found


@pytest.mark.long
@pytest.mark.row("E3")
def test_memory_stays_flat(site: World) -> None:
    """Three times the devices take no more memory to send and apply, but for the file itself."""
    request, response = site.file("request"), site.file("response")
    peaks = []
    for _ in range(2):
        fill(site, 1_200 if not peaks else 2_400)
        sent = peak(site, "sync", "export", "--full", "--output", request, side="satellite")
        applied = peak(site, "sync", "import", request, "--output", response, side="central")
        site.satellite("sync", "import", response)
        peaks.append((sent, applied, Path(request).stat().st_size / 1e6))
    (sent_few, applied_few, size_few), (sent_many, applied_many, size_many) = peaks

    # As objects, 2,400 devices with their claims and events are 20 MB.
    assert sent_many - sent_few < 3 * (size_many - size_few) + 2
    assert applied_many - applied_few < 3 * (size_many - size_few) + 4


@pytest.mark.row("E3", "S2.3")
@pytest.mark.both_databases
def test_what_changes_while_a_request_is_packed_leaves_with_the_next(site: World) -> None:
    """The rows are read in a snapshot; a device that is heard meanwhile is neither lost nor sent twice."""
    fill(site, 5)
    made = open_satellite(site.folder / "satellite")
    with made.database.read(OPERATOR) as unit:
        prepared = prepare_request(unit, made.keyring, full=True)
    change_devices(made, 2)
    with made.database.write(OPERATOR) as unit:
        done = make_request(unit, made.keyring, full=True, restored=False, prepared=prepared)
        first, data = done.request.counts, done.request.content
    made.anchor.write(done.request.epoch, done.request.seq, 0)
    site.central("sync", "import", site.file("first", data), "--output", site.file("answer"))
    site.satellite("sync", "import", site.file("answer"))
    next_one, _, _ = site.synchronize("next")

    assert first["instance"] == 5
    assert next_one["counts"]["instance"] == 2
    made.database.dispose()


@pytest.mark.row("E3", "S2.1")
@pytest.mark.both_databases
def test_rows_packed_for_another_request_are_not_used(site: World) -> None:
    """If another request was made since the rows were packed, they are read again: the chain has no gap."""
    fill(site, 3)
    made = open_satellite(site.folder / "satellite")
    with made.database.read(OPERATOR) as unit:
        prepared = prepare_request(unit, made.keyring, full=False)
    site.synchronize("between")
    change_devices(made, 1)
    with made.database.write(OPERATOR) as unit:
        done = make_request(unit, made.keyring, full=False, restored=False, prepared=prepared)

    assert done.request.seq == 2
    assert done.request.counts["instance"] == 1
    made.database.dispose()


def plan(session: Session, query: Select[Any]) -> str:
    """How the database goes about a query."""
    dialect = session.get_bind().dialect
    words = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if dialect.name == "sqlite":
        return "\n".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    session.execute(text("SET LOCAL enable_seqscan = off"))  # a small table is read whole whatever its indexes
    return "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {words}")))


@pytest.mark.row("E3", "S2.3")
@pytest.mark.both_databases
def test_a_difference_is_found_by_its_numbers(site: World) -> None:
    """What changed is found through the index of change numbers: the size of the site costs nothing."""
    fill(site, 20)
    made = open_satellite(site.folder / "satellite")
    with made.database.read(OPERATOR) as unit:
        instances = plan(unit.session, instances_since(60, full=False))
        claims = plan(unit.session, claims_since(60, full=False))
        events = plan(unit.session, events_since(60, full=False))

    assert "ix_instances_change_no" in instances
    assert "ix_claims_change_no" in claims
    assert "ix_events_number" in events
    made.database.dispose()


@pytest.mark.row("E3", "C10.1", "S3.2")
@pytest.mark.both_databases
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_the_use_of_a_device_looks_at_its_own_alerts_alone(site: World, server: str) -> None:
    """A device's change makes the alerts of its pools true; those of others wait for their own change, or the day's job."""
    token = site.token(server, pool="Site" if server == "satellite" else "Spare")
    others = [site.device(f"F{number}", server, token) for number in range(2)]
    planted = "UPDATE alerts SET state = 'open', message = 'planted' WHERE kind = 'insufficient_licences'"
    others[0].use("ESSENTIALS", 1)
    site.sql(server, planted)

    others[1].use("ADVANTAGE", 50)
    after = {alert["message"] for alert in raised(site, server)}
    others[1].use("ESSENTIALS", 1)
    at_last = {alert["message"] for alert in raised(site, server)}

    assert "planted" in after
    assert any(message.startswith("4") and "Advantage" in message for message in after)
    assert "planted" not in at_last


def raised(world: World, server: str) -> list[dict[str, Any]]:
    """The alerts as they are in the database, without a look at what they rest on."""
    made = open_central(world.folder / "central") if server == "central" else open_satellite(world.folder / server)
    with made.database.read(OPERATOR) as unit:
        rows = unit.session.execute(text("SELECT message FROM alerts WHERE state = 'open'"))
        found = [{"message": row[0]} for row in rows]
    made.database.dispose()
    return found


@pytest.mark.row("C3.3", "E3")
@pytest.mark.both_databases
def test_terms_that_end_together_are_posted_in_one_chain(vendor: World) -> None:
    """Many terms that end at once leave the balance by postings whose chain holds, in few statements."""
    lines = ["virtual_account,tag,quantity,order_number,order_line,type,start,end"]
    lines += [f"Spare,ADVANTAGE,2,T-1,{number},term,2020-01-01,2099-01-01" for number in range(40)]
    vendor.central("order", "import", ACCOUNT, vendor.file("terms.csv", "\n".join(lines) + "\n"))
    before = vendor.licence("ADVANTAGE", pool="Spare")["purchased"]
    vendor.central("clock", "advance", "27000d")
    with statements() as seen:
        vendor.central("jobs", "run", "terms")

    assert vendor.licence("ADVANTAGE", pool="Spare")["purchased"] == before - 80
    assert len(seen) < 2 * 40, "fewer than two for each of the forty lots"
    assert vendor.central("ledger", "verify")["findings"] == []
    expired = [
        entry for entry in vendor.central("events", ACCOUNT)["items"] if "expired and were removed" in entry["message"]
    ]
    assert len(expired) == 40


@pytest.mark.row("S2.3", "E3")
def test_a_device_that_told_very_much_is_not_held_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a device's million events a bounded number is in memory at once, and each leaves once, in its order."""
    monkeypatch.setattr(request_rows, "HELD", 10)
    taken: list[int] = []

    def pieces(_unit: Any, _query: Any) -> Iterator[list[ClaimText]]:
        for number in range(95):
            taken.append(number)
            yield [ClaimText("d", "even" if number % 2 else "odd", number, "")]

    def write(rows: Sequence[ClaimText], _about: Any) -> Iterator[Any]:
        yield [row.quantity for row in rows]

    monkeypatch.setattr(request_rows, "_pieces", pieces)
    about: Any = SimpleNamespace(places={"d": 0})
    query: Any = None
    stream: Any = request_rows._Stream(query, query, ClaimText._make, write)
    reply: list[int] = []
    for rows in stream.about(about):
        reply += rows
        assert len(taken) - len(reply) <= 11

    assert sorted(reply) == list(range(95))
    assert list(stream.rest()) == []
