"""Files of large sites at central: who waits while one is read, and what becomes of prepared work that is not used."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, BinaryIO

import pytest

from central.actions.synchronization import import_network_request, import_request_file
from central.app import make_app
from central.domain.accounts.models import SmartAccount
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import by_id
from central.runtime import Central, open_central
from central.sync import staging
from central.sync.apply_rows import apply_rows
from central.sync.import_request import prepare_request, take_request
from exchange import container, limits
from exchange.errors import ExchangeError, TooLargeError
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow, TokenRow
from exchange.files.sync_request import peek_satellite
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from serverkit.db import bulk
from serverkit.db.unit import Unit
from serverkit.errors import DiskFullError
from tests.bench.fleet import Fleet, change_devices, fill_site
from tests.unit.exchange.test_tables import usual_event, usual_instance
from tests.world import ACCOUNT, World, call

PATIENCE = 20


@contextmanager
def vendor_of(world: World) -> Iterator[Central]:
    """Central, opened once more."""
    made = open_central(world.folder / "central")
    try:
        yield made
    finally:
        made.database.dispose()


def request_of(world: World, mark: str, devices: int = 0, *words: str) -> Path:
    """A file of the site, which gets further devices before."""
    made = open_satellite(world.folder / "satellite")
    if devices:
        fill_site(made, Fleet(devices))
    made.database.dispose()
    path = world.file(f"request-{mark}")
    world.satellite("sync", "export", "--output", path, *words)
    return Path(path)


class SlowFile(io.BytesIO):
    """A file on a slow medium: its body comes only when it may."""

    def __init__(self, data: bytes, may: Event, reached: Event, left: Event) -> None:
        """`reached` is set when the body is asked for, `left` when it came."""
        super().__init__(data)
        self._body = len(data) // 2
        self._may = may
        self._reached = reached
        self._left = left

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and wait in the body."""
        found = super().read(size)
        if self.tell() > self._body:
            self._reached.set()
            self._may.wait(PATIENCE)
            self._left.set()
        return found


@pytest.mark.row("E3", "C11.2")
@pytest.mark.both_databases
def test_central_answers_its_devices_while_a_file_is_read(site: World) -> None:
    """A device renews and changes its use at central while a large file comes in; then the file is applied whole."""
    device = site.device("D1", "central", site.token("central", pool="Spare"))
    data = request_of(site, "large", 40).read_bytes()
    may, reached, left, found = Event(), Event(), Event(), list[Any]()

    with vendor_of(site) as made:

        @contextmanager
        def slow() -> Iterator[BinaryIO]:
            yield SlowFile(data, may, reached, left)

        def work() -> None:
            found.append(import_network_request(made, OPERATOR, slow).view)

        reader = Thread(target=work)
        reader.start()
        assert reached.wait(PATIENCE)
        device.use("ADVANTAGE", 3)
        answered_first = not left.is_set()
        may.set()
        reader.join(PATIENCE)

    assert answered_first
    assert site.licence("ADVANTAGE", pool="Spare")["in_use"] == 3
    assert found[0]["outcome"] == "applied"
    assert site.licence("ADVANTAGE")["in_use"] == 40
    assert site.central("ledger", "verify")["findings"] == []


@pytest.mark.row("C11.2", "S2.5")
@pytest.mark.both_databases
def test_what_was_made_ready_before_another_file_came_is_not_used(site: World) -> None:
    """A file is staged, and one before it is applied meanwhile: its rows are read again, and nothing counts twice."""
    first, second = request_of(site, "1", 12), request_of(site, "2", 3)
    with vendor_of(site) as made:
        with second.open("rb") as stream, made.database.read(OPERATOR) as unit:
            prepared = prepare_request(unit, made.keyring, stream)
        assert prepared is not None
        site.central("sync", "import", str(first), "--output", site.file("r1"))
        with closing(prepared), second.open("rb") as stream, made.database.write(OPERATOR) as unit:
            answered = take_request(unit, made.keyring, stream, prepared)
        assert not isinstance(answered, ExchangeError)

    assert answered.outcome == "applied"
    assert site.licence("ADVANTAGE")["in_use"] == 15
    reply = [event for event in site.central("events", ACCOUNT)["items"] if event["kind"] == "satellite:event"]
    assert len({event["subject"]["satellite_event"] for event in reply}) == len(reply)
    assert site.central("ledger", "verify")["findings"] == []


@pytest.mark.both_databases
@pytest.mark.row("C11.2", "S2.5")
def test_a_file_that_was_staged_twice_is_applied_once(site: World) -> None:
    """Two people hand in one file at the same moment: one applies it, the other gets the same answer."""
    file = request_of(site, "1", 12)
    with vendor_of(site) as made:
        both = []
        for _ in range(2):
            with file.open("rb") as stream, made.database.read(OPERATOR) as unit:
                both.append(prepare_request(unit, made.keyring, stream))
        answers = []
        for prepared in both:
            assert prepared is not None
            with closing(prepared), file.open("rb") as stream, made.database.write(OPERATOR) as unit:
                answers.append(take_request(unit, made.keyring, stream, prepared))

    outcomes = [(getattr(one, "outcome", ""), getattr(one, "stored").response) for one in answers]  # noqa: B009
    assert [outcome for outcome, _ in outcomes] == ["applied", "already_answered"]
    assert outcomes[0][1] == outcomes[1][1]
    assert site.licence("ADVANTAGE")["in_use"] == 12


@pytest.mark.row("C11.2", "E3")
@pytest.mark.both_databases
def test_a_file_that_comes_again_while_it_is_written_is_read_at_once_and_answered_the_same(site: World) -> None:
    """A line breaks and the site sends again: the second reader neither waits for the writer nor fails by what it wrote."""
    file = request_of(site, "1", 12)
    found: list[Any] = []
    with vendor_of(site) as made:

        def again() -> None:
            with file.open("rb") as stream, made.database.read(OPERATOR) as unit:
                found.append(prepare_request(unit, made.keyring, stream))

        reader = Thread(target=again)
        with made.database.write(OPERATOR) as unit, file.open("rb") as stream:
            first = take_request(unit, made.keyring, stream)
            unit.session.flush()
            reader.start()
            reader.join(PATIENCE)
            read_meanwhile = [*found]
        reader.join(PATIENCE)
        assert len(read_meanwhile) == 1
        with closing(found[0]), file.open("rb") as stream, made.database.write(OPERATOR) as unit:
            second = take_request(unit, made.keyring, stream, found[0])

    assert not isinstance(first, ExchangeError)
    assert not isinstance(second, ExchangeError)
    assert (first.outcome, second.outcome) == ("applied", "already_answered")
    assert first.stored.response == second.stored.response
    assert site.licence("ADVANTAGE")["in_use"] == 12


@pytest.mark.row("C11.2", "S2.3")
@pytest.mark.both_databases
def test_a_full_file_after_changes_leaves_what_the_site_has(site: World) -> None:
    """Full, difference, full again: instances, use and events are those of the site, each once."""
    site.synchronize("1", "--full")
    for mark, devices in (("2", 20), ("3", 5)):
        request_of(site, mark, devices)
        site.synchronize(mark)
    made = open_satellite(site.folder / "satellite")
    change_devices(made, 10)
    made.database.dispose()
    site.synchronize("4", "--full")

    here, there = site.satellite("instances")["items"], site.central("instances", ACCOUNT)["items"]
    assert {row["id"]: row["last_contact"] for row in here} == {row["id"]: row["last_contact"] for row in there}
    assert site.licence("ADVANTAGE")["in_use"] == 25
    reply = [event for event in site.central("events", ACCOUNT)["items"] if event["kind"] == "satellite:event"]
    assert len({event["subject"]["satellite_event"] for event in reply}) == len(reply)
    assert site.central("ledger", "verify")["findings"] == []


def apply(site: World, *rows: list[RequestRow]) -> None:
    """Apply rows of the site at central, as if a file had held them."""
    data = request_of(site, "peek").read_bytes()
    with vendor_of(site) as made, made.database.write(OPERATOR) as unit:
        satellite = satellite_of(unit, data)
        apply_rows(unit, made.keyring, unit.session.get_one(SmartAccount, satellite.account_id), satellite, rows)


def satellite_of(unit: Unit, data: bytes) -> Satellite:
    """The satellite that made a request."""
    satellite = by_id(unit, peek_satellite(data))
    assert satellite is not None
    return satellite


def home_of(site: World) -> str:
    """The id of the virtual account of the site."""
    rows = site.central("virtual-account", "list", ACCOUNT)["items"]
    return str(next(row["id"] for row in rows if row["name"] == "Site"))


def device_of(site: World, number: int) -> InstanceRow:
    """A device of the site, as a row."""
    return replace(usual_instance(number), virtual_account=home_of(site))


@pytest.mark.row("C11.2")
@pytest.mark.both_databases
@pytest.mark.parametrize("batch", [1, 2000])
def test_of_two_rows_about_the_same_the_later_one_holds(site: World, monkeypatch: Any, batch: int) -> None:
    """A claim, an instance and an event that come twice in one file count once, wherever batches are cut."""
    monkeypatch.setattr(staging, "BATCH", batch)
    device = device_of(site, 1)
    event = usual_event(device, 7)
    apply(
        site,
        [device, replace(device, hostname="later")],
        [ClaimRow(device.id, "ADVANTAGE", count, device.registered_at) for count in (2, 5)],
        [event, event],
        [ClaimRow(device.id, "ADVANTAGE", 4, device.registered_at)],
        [event],
    )

    (shown,) = site.central("instances", ACCOUNT)["items"]
    reply = [row for row in site.central("events", ACCOUNT)["items"] if row["kind"] == "satellite:event"]
    assert shown["hostname"] == "later"
    assert site.licence("ADVANTAGE")["in_use"] == 4
    assert len(reply) == 1
    assert site.central("ledger", "verify")["findings"] == []


@pytest.mark.row("C11.2")
@pytest.mark.both_databases
def test_use_that_ends_is_freed(site: World) -> None:
    """A claim of 0 takes a use away, in the file that made it and in a later one."""
    one, other = device_of(site, 1), device_of(site, 2)
    apply(site, [one, other], [ClaimRow(each.id, "ADVANTAGE", 3, each.registered_at) for each in (one, other)])
    apply(site, [ClaimRow(one.id, "ADVANTAGE", 0, one.registered_at)])

    assert site.licence("ADVANTAGE")["in_use"] == 3
    assert site.central("ledger", "verify")["findings"] == []


@pytest.mark.row("C11.2", "S3.3")
@pytest.mark.both_databases
def test_events_are_told_in_the_order_of_the_site(site: World) -> None:
    """Whatever the order in the file: the numbers of the site say which event came first; those without one come last."""
    device = device_of(site, 1)
    order = [30, None, 10, 20]
    rows: list[RequestRow] = [
        EventRow(f"{place:032x}", device.registered_at, "e", "device", f"said {number}", None, {}, number)
        for place, number in enumerate(order)
    ]
    apply(site, [device], rows)

    events = site.central("events", ACCOUNT)["items"]
    reply = [row["message"].split(" (")[0] for row in events if row["kind"] == "satellite:event"]
    assert reply[::-1] == ["said 10", "said 20", "said 30", "said None"]


@pytest.mark.both_databases
@pytest.mark.row("C11.2", "E2")
def test_more_tokens_than_fit_in_memory_are_refused_before_anything_is_written(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables can say ten million tokens in some kilobytes; anyone who does so is refused, and nothing of it stays."""
    monkeypatch.setattr(limits, "OTHER_ROWS", 5)
    device = device_of(site, 1)
    at = device.registered_at
    token = TokenRow("a" * 32, device.virtual_account, None, "b" * 64, at, "site", at, None, 0, False, False, False)

    with pytest.raises(TooLargeError):
        apply(site, [device], [token] * 3, [token] * 3)
    assert site.central("instances", ACCOUNT)["items"] == []
    apply(site, [device], [token] * 3, [token] * 2)
    assert len(site.central("instances", ACCOUNT)["items"]) == 1


@pytest.mark.both_databases
@pytest.mark.row("C11.2")
def test_a_temporary_folder_without_room_is_a_refusal_and_changes_nothing(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits finds no room: the refusal says so, the satellite is not blamed, and the file comes in later."""
    file = request_of(site, "1", 12)

    def full(_memory: int) -> Any:
        return Path("/dev/full").open("r+b", buffering=0)

    monkeypatch.setattr(bulk.tempfile, "SpooledTemporaryFile", full)
    with vendor_of(site) as made, pytest.raises(DiskFullError):
        import_request_file(made, OPERATOR, file)
    monkeypatch.undo()
    assert site.licence("ADVANTAGE")["in_use"] == 0
    site.central("sync", "import", str(file), "--output", site.file("r1"))
    assert site.licence("ADVANTAGE")["in_use"] == 12


@pytest.mark.both_databases
@pytest.mark.row("C11.2", "E3")
def test_a_file_is_verified_once_outside_of_the_lock_and_once_inside(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signature and body are checked twice in all; over the network the signature once more, before the body is read."""
    by_file, by_network = request_of(site, "1", 5), request_of(site, "2", 5)
    checked: list[str] = []

    def count(name: str) -> None:
        original = getattr(container, name)
        monkeypatch.setattr(container, name, lambda *given: (checked.append(name), original(*given))[1])

    with vendor_of(site) as made:
        app = make_app(made)
        count("unseal")
        count("_check_body")
        import_request_file(made, OPERATOR, by_file)
        assert sorted(checked) == ["_check_body"] * 2 + ["unseal"] * 2
        checked.clear()
        status, _, _ = call(app, "POST", "/sync/v1/request", by_network.read_bytes())
        assert (status, sorted(checked)) == (200, ["_check_body"] * 2 + ["unseal"] * 3)
