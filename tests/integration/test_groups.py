"""Messages of many devices at once: what is settled together stays as separate as if each had come alone."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from agent.errors import ServerBusyError
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.canonical import parse_time
from exchange.identity import Udi
from exchange.vocabulary import DeviceOp
from satellite.core.event_log.models import Event as SiteEvent
from satellite.core.instances.models import Instance
from satellite.core.licences.models import Claim, PoolTotal
from satellite.core.tokens.models import Token
from satellite.device_api.app import make_app
from satellite.device_api.backend import SatelliteBackend
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import SYSTEM
from serverkit.devices.batcher import PATIENCE_SECONDS
from serverkit.locks import Lock, turn
from tests.bench.devices import BenchDevice, answered
from tests.front import front_of
from tests.world import World, call

Said = tuple[int, dict[str, str], bytes]


class Site:
    """A satellite whose write lock the test can hold, so that messages gather."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: Satellite = open_satellite(world.folder / "satellite")
        self.devices = make_app(self.made)
        self.app = front_of(self.devices)
        self.pool = ThreadPoolExecutor(64)

    def say(self, op: str, message: bytes) -> Said:
        return call(self.app, "POST", f"/device/v1/{op}", message)

    def send(self, op: str, message: bytes) -> Future[Said]:
        return self.pool.submit(self.say, op, message)

    @contextmanager
    def held(self) -> Iterator[None]:
        """No one writes meanwhile: on PostgreSQL by the lock that groups take."""
        with self.made.database.write(SYSTEM) as unit:
            turn(unit.session, Lock.DEVICES)
            yield

    def together(self, messages: list[tuple[str, bytes]]) -> list[Said]:
        """Have messages gather behind one that waits for the lock, so that they make one group."""
        with self.held():
            sent = []
            for number, (op, message) in enumerate(messages, 1):
                sent.append(self.send(op, message))
                self.wait_until_queued(number)  # one after the other, so that their order is this one
        return [each.result(60) for each in sent]

    def wait_until_queued(self, count: int) -> None:
        ticks = Event()
        for _ in range(2000):
            batcher = self.devices.batcher
            if batcher is not None and len(batcher._waiting) + 1 == batcher._held >= count:
                return  # the first one is a group of its own that waits for the lock
            ticks.wait(0.01)
        raise AssertionError(f"not all of {count} messages came")

    def count(self, query: Any) -> int:
        with self.made.database.read(SYSTEM) as unit:
            return int(unit.session.scalar(query) or 0)

    def registered(self, count: int, token: str, first: int = 0) -> list[BenchDevice]:
        devices = [BenchDevice(first + number) for number in range(count)]
        for device in devices:
            status, _, body = self.say("register", device.register(token))
            assert status == 200
            device.instance = str(answered(body)["instance"])
        return devices


@pytest.fixture
def busy(site: World) -> Iterator[Site]:
    """A satellite that is about to be asked by many."""
    made = Site(site)
    yield made
    made.pool.shutdown()
    made.made.database.dispose()


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "S4.2")
def test_a_refused_and_a_crashed_message_leave_the_others_of_their_group_whole(
    busy: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registrations, renewals and a changed list are done; the bad token is refused in a signed answer; the crash is a 500 that leaves nothing."""
    token = busy.world.token()
    old = busy.registered(4, token)
    plain, work = SatelliteBackend.renew_identity, old[3]

    def crash(port: SatelliteBackend, known: Any, body: Any) -> Any:
        plain(port, known, body)
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(SatelliteBackend, "renew_identity", crash)
    twice = old[0].authorize({})
    again = BenchDevice(53).register(token)
    messages = [
        ("authorize", old[1].authorize({})),
        ("register", BenchDevice(50).register(token)),
        ("register", BenchDevice(51).register("pst_" + "x" * 43)),
        ("renew_identity", work.renew_identity()),
        ("authorize", twice),
        ("authorize", twice),
        ("authorize", old[2].authorize({"ADVANTAGE": 2})),
        ("register", BenchDevice(52).register(token)),
        ("register", again),
        ("register", again),
    ]
    said = busy.together(messages)
    renewed = busy.count(select(func.count()).where(SiteEvent.kind == "instance:renewed_certificate"))

    assert [status for status, _, _ in said] == [200, 200, 403, 500, 200, 200, 200, 200, 200, 200]
    refusal = json.loads(said[2][2])
    assert (refusal["code"], answered(json.dumps(refusal["answer"]).encode())["outcome"]) == (
        "token_refused",
        "refused",
    )
    assert said[4][2] == said[5][2]
    assert said[8][2] == said[9][2]
    assert renewed == 0
    assert busy.count(select(func.count()).where(Instance.removed.is_(False))) == 7
    assert busy.world.licence("ADVANTAGE", "satellite")["in_use"] == 2
    monkeypatch.undo()
    assert busy.say("renew_identity", work.renew_identity())[0] == 200


@pytest.mark.both_databases
@pytest.mark.row("S4.2")
def test_nobody_is_answered_before_the_commit_and_a_failed_commit_keeps_nothing(busy: Site) -> None:
    """While the commit fails every message of the group gets an error; sent again, each is done once."""
    token = busy.world.token()
    old = busy.registered(2, token)
    new = [BenchDevice(number) for number in range(60, 64)]
    messages = [("register", device.register(token)) for device in new]
    messages += [("authorize", device.authorize({"ADVANTAGE": 1})) for device in old]
    engine = busy.made.database.engine
    before = busy.count(select(func.count(Instance.id)))

    def fail(_connection: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    event.listen(engine, "commit", fail)
    try:
        failed = [each.result(60)[0] for each in [busy.send(op, message) for op, message in messages]]
    finally:
        event.remove(engine, "commit", fail)
    kept = busy.count(select(func.count(Instance.id)))
    again = [busy.say(op, message)[0] for op, message in messages]

    assert failed == [500] * 6
    assert kept == before
    assert again == [200] * 6
    assert busy.count(select(Token.uses)) == 6
    assert busy.world.licence("ADVANTAGE", "satellite")["in_use"] == 2


@pytest.mark.both_databases
@pytest.mark.row("S4.1")
def test_fifty_registrations_of_one_device_at_once_are_one_instance(busy: Site) -> None:
    """Whether they come with one key or with five, there is one product instance in the end."""
    token = busy.world.token()
    makers = [BenchDevice(7) for _ in range(5)]
    messages = [("register", maker.register(token)) for maker in makers] * 10
    random.Random(5).shuffle(messages)
    statuses = Counter(status for status, _, _ in busy.together(messages))

    assert busy.count(select(func.count()).where(Instance.removed.is_(False))) == 1
    assert statuses == {200: 50}


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "S3.2")
def test_a_token_with_one_use_left_has_one_winner(busy: Site) -> None:
    """Twenty devices at once, one use: one instance, nineteen signed refusals."""
    made = busy.world.satellite("token", "create", "--virtual-account", "Site", "--days", "3", "--uses", "1")
    messages = [("register", BenchDevice(number).register(made["token"])) for number in range(20)]
    statuses = Counter(status for status, _, _ in busy.together(messages))

    assert statuses == {200: 1, 403: 19}
    assert busy.count(select(func.count(Instance.id))) == 1


@pytest.mark.both_databases
@pytest.mark.row("S4.2", "D1")
def test_a_full_server_says_when_to_come_again_and_the_device_keeps_to_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all places taken a message is refused at once with a time; health is answered; the device waits at least as long."""
    monkeypatch.setenv("SATELLITE_SERVER__MESSAGES_AT_ONCE", "2")
    device = site.device("SN1")
    waiting = site.unregistered("SN2")
    busy = Site(site)
    token = site.token()
    site.wire().app = busy.app
    with busy.held():
        sent = []
        for number in range(2):  # one after the other: together they may make one group that leaves a place free
            sent.append(busy.send("register", BenchDevice(number).register(token)))
            busy.wait_until_queued(number + 1)
        health = call(busy.app, "GET", "/healthz")[0]
        now, began = device.clock.now(), time.monotonic()
        with pytest.raises(ServerBusyError) as refused:
            device.renew_authorization()
        registration_request = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial="SN2"))
        with pytest.raises(ServerBusyError):
            waiting.register(
                registration_request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
            )
        took = time.monotonic() - began
    done = [each.result(60)[0] for each in sent]
    again = parse_time(str(device.state.next_auth_renewal)) - now
    then = parse_time(str(waiting.state.next_id_renewal)) - now
    device.renew_authorization()
    busy.pool.shutdown()

    assert health == 200
    assert refused.value.retry_after == 5
    assert took < PATIENCE_SECONDS / 2, "the refusal came at once, not when the queue gave the message up"
    assert timedelta(seconds=4) <= again <= timedelta(seconds=12) + timedelta(seconds=took)
    assert timedelta(seconds=4) <= then <= timedelta(seconds=12) + timedelta(seconds=took)
    assert waiting.state.registration == "retry"
    assert done == [200, 200]


@pytest.mark.both_databases
@pytest.mark.row("S3.2", "S4.2")
def test_totals_that_are_kept_beside_the_claims_never_differ_from_them(busy: Site) -> None:
    """After any mix of changed, repeated and removed lists in groups, each pool's total is the sum of its claims and each answer says what the table says."""
    chance = random.Random(11)
    devices = busy.registered(8, busy.world.token())
    for _ in range(12):
        batch: list[tuple[str, bytes]] = []
        for device in chance.sample(devices, 5):
            uses = {
                tag: chance.randint(1, 3) for tag in ("ADVANTAGE", "ESSENTIALS", "NOTHING") if chance.random() < 0.6
            }
            batch.append(("authorize", device.authorize(uses)))
        said = busy.together(batch)
        assert all(status == 200 for status, _, _ in said)
        with busy.made.database.read(SYSTEM) as unit:
            sums = select(Claim.tag, func.sum(Claim.count)).where(Claim.count > 0).group_by(Claim.tag)
            claimed = {tag: int(count) for tag, count in unit.session.execute(sums)}
            kept = dict(
                unit.session.execute(select(PoolTotal.tag, PoolTotal.claimed).where(PoolTotal.claimed > 0)).all()
            )
        assert kept == claimed
        last = answered(busy.say("authorize", devices[0].authorize({"ADVANTAGE": 1}))[2])["result"]
        table = busy.world.licence("ADVANTAGE", "satellite")["status"]
        word = "out_of_compliance" if table == "out_of_compliance" else "authorized"
        assert last["entitlements"][0]["state"] == word  # type: ignore[index]


@pytest.mark.both_databases
@pytest.mark.row("S4.2", "S3.2")
def test_a_device_learns_of_a_shortage_that_came_up_in_its_own_group(busy: Site) -> None:
    """Asked before the shortage it is authorized, asked after it, in the same transaction, it is out of compliance."""
    devices = busy.registered(4, busy.world.token())
    for device in devices[1:]:
        busy.say("authorize", device.authorize({"ADVANTAGE": 1}))
    said = busy.together(
        [
            ("authorize", devices[0].authorize({})),
            ("authorize", devices[1].authorize({"ADVANTAGE": 1})),
            ("authorize", devices[2].authorize({"ADVANTAGE": 3})),
            ("authorize", devices[3].authorize({"ADVANTAGE": 1})),
        ]
    )
    results: list[Any] = [answered(body)["result"] for _, _, body in said[1:]]
    states = [result["entitlements"][0]["state"] for result in results]

    assert states == ["authorized", "out_of_compliance", "out_of_compliance"]
    assert busy.world.alerts("satellite") >= {"insufficient_licences"}


@pytest.mark.both_databases
@pytest.mark.row("S4.2")
def test_a_renewal_writes_no_event_and_reads_no_other_device(busy: Site) -> None:
    """An unchanged list costs two updates and no event, however many devices there are."""
    devices = busy.registered(3, busy.world.token())
    busy.say("authorize", devices[0].authorize({"ADVANTAGE": 1}))
    before = busy.count(select(func.count(SiteEvent.id)))
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    event.listen(busy.made.database.engine, "before_cursor_execute", note)
    status, _, body = busy.say("authorize", devices[0].authorize({"ADVANTAGE": 1}))
    event.remove(busy.made.database.engine, "before_cursor_execute", note)

    assert status == 200
    assert answered(body)["outcome"] == "done"
    assert busy.count(select(func.count(SiteEvent.id))) == before
    assert seen.count("UPDATE") == 3
    assert len(seen) - seen.count("INSERT") <= 8
    assert seen.count("INSERT") <= 1  # the mark of the commit, behind a server


# The embedded database tells its plan for a statement; the other judges by how much there is.
BIG = ("instances", "device_keys", "claims", "events", "grants", "export_queue")


@pytest.mark.row("S4.1", "S4.2")
def test_no_message_of_a_device_looks_through_a_table_that_grows(busy: Site) -> None:
    """Registering, renewing, changing and leaving find their rows by an index, however many devices there are."""
    engine, said = busy.made.database.engine, set()

    @event.listens_for(engine, "after_cursor_execute")
    def note(_connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.split(" ", 1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
            looked = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            said.update((row[3], statement) for row in looked)

    device = busy.registered(1, busy.world.token())[0]
    for op, message in (
        ("authorize", device.authorize({"ADVANTAGE": 1})),
        ("authorize", device.authorize({"ADVANTAGE": 1})),
        ("authorize", device.authorize({"ADVANTAGE": 2, "ESSENTIALS": 1})),
        ("deregister", device.message(DeviceOp.DEREGISTER, {"returns": []})),
    ):
        assert busy.say(op, message)[0] == 200
    wide = tuple(f"SCAN {name}" for name in BIG)
    scans = {step: text for step, text in said if step.startswith(wide) or step.endswith("(removed=?)")}

    assert any(step.startswith("SEARCH instances") for step, _ in said)
    assert scans == {}
