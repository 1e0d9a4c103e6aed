"""One attack for each rule of the exchange: each test goes red when its rule is taken out (docs/developer/defences.md)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agent import exports
from agent.transport import Reply
from exchange.device.licence_bodies import AuthorizeResult
from exchange.errors import ExchangeError, RegistrationNeededError
from satellite.core.event_log.models import Event
from satellite.core.export_queue.models import HeldGrant
from satellite.core.instances.models import Instance
from satellite.core.site.queries import site_of
from satellite.device_api.app import make_app
from satellite.runtime import assemble as assemble_satellite
from serverkit.actor import OPERATOR
from serverkit.clock import FixedClock
from serverkit.errors import AppError
from tests.front import front_of
from tests.property.small_world import ORDINARY, RESTRICTED, Machine, SmallWorld


@pytest.fixture
def world(template: Path, memory: Path, request: pytest.FixtureRequest) -> Iterator[SmallWorld]:
    """One site, two devices, one restricted unit."""
    place = memory / f"attack-{abs(hash(request.node.name))}"
    place.mkdir()
    made = SmallWorld(template, place)
    yield made
    made.close()
    shutil.rmtree(place)


def request_of(world: SmallWorld, machine: Machine | None = None) -> bytes:
    """A new request: something has changed before it."""
    machine = machine or world.machines[0]
    world.clock.advance(timedelta(minutes=1))
    contact(world, "A", machine)
    data = world.export(machine)
    assert data is not None
    return data


def trip(world: SmallWorld, machine: Machine | None = None) -> bytes:
    """One good round trip; the response."""
    machine = machine or world.machines[0]
    response = world.deliver_request(request_of(world, machine))
    world.deliver_response(machine, response)
    return response


def contact(world: SmallWorld, name: str, machine: Machine | None = None) -> str:
    """A device renews its authorization."""
    return world.try_device(name, machine or world.machines[0], lambda device: device.renew_authorization())


def ask(world: SmallWorld, name: str, machine: Machine | None = None) -> str:
    """A device asks for the restricted unit."""
    return world.try_device(name, machine or world.machines[0], lambda device: device.request_export(RESTRICTED, 1))


def granted(world: SmallWorld, name: str = "A") -> str:
    """A device has the restricted unit; the grant."""
    ask(world, name)
    trip(world)
    contact(world, name)
    assert world.devices[name].may_use(RESTRICTED).allowed
    return next(iter(world.held(name)))


def code_of(world: SmallWorld, data: bytes) -> str:
    """What central says to a file."""
    try:
        world.deliver_request(data)
    except ExchangeError as error:
        return error.code
    return "answered"


def reply(world: SmallWorld, machine: Machine, data: bytes) -> str:
    """What a machine says to a response or an authorization."""
    try:
        if b" authorization " in data[:40]:
            return world.deliver_authorization(machine, data)
        return world.deliver_response(machine, data)
    except (AppError, ExchangeError) as error:
        return error.code


# -- order of requests at central ------------------------------------------------------------------------------------


@pytest.mark.row("S2.5", "C11.2")
def test_a_request_that_comes_again_gets_the_same_bytes(world: SmallWorld) -> None:
    """Central signs nothing again and applies nothing twice."""
    request = request_of(world)

    assert world.deliver_request(request) == world.deliver_request(request)
    assert world.repeated_records() == []


@pytest.mark.row("S2.5")
def test_a_request_that_a_later_one_contains_is_superseded(world: SmallWorld) -> None:
    """It was named by the later one, so its late arrival is not an alarm."""
    first, second = request_of(world), request_of(world)
    world.deliver_request(second)

    assert code_of(world, first) == "superseded"


@pytest.mark.row("S2.6")
@pytest.mark.parametrize("ahead", [1, 2])
def test_a_copy_that_went_another_way_is_a_fork(world: SmallWorld, ahead: int) -> None:
    """Whether its number repeats central's last one or runs ahead of it: its chain does not hold what central knows."""
    world.clone(world.machines[0])
    trip(world)
    theirs = [request_of(world, world.machines[1]) for _ in range(ahead)][-1]

    assert code_of(world, theirs) == "fork"
    assert world.repeated_records() == []


@pytest.mark.row("S2.6")
def test_after_a_fork_neither_machine_is_served_until_a_person_picks(world: SmallWorld) -> None:
    """The genuine one is held too, for no one but a person can tell which that is; devices go on."""
    world.clone(world.machines[0])
    trip(world)
    code_of(world, request_of(world, world.machines[1]))

    assert code_of(world, request_of(world)) == "fork"
    assert world.try_device("A", world.machines[0], lambda device: device.use(ORDINARY, 1)) == "done"
    with pytest.raises(RegistrationNeededError):
        world.reopen_epoch(None)


@pytest.mark.row("S2.6")
def test_a_file_of_an_ended_epoch_is_told_so(world: SmallWorld) -> None:
    """It is not a fork and raises no alarm: the machine is told to resynchronize, even where its key is still good."""
    late = request_of(world)
    world.reopen_epoch(None)

    assert code_of(world, late) == "resync_required"


@pytest.mark.row("S2.6")
def test_a_restored_central_detects_it_at_the_first_request(world: SmallWorld) -> None:
    """A site that brings a newer answer of central's own is not a fork: central itself was restored."""
    copy = world.copy_central()
    trip(world)
    trip(world)
    world.restore_central(copy)

    assert code_of(world, request_of(world)) == "resync_required"
    world.deliver_authorization(world.machines[0], world.reopen_epoch(world.registration(world.machines[0])))
    trip(world)
    assert world.central_state() == world.site_state(world.machines[0])


@pytest.mark.row("C11.2", "S2.6")
def test_a_restored_central_that_gave_the_same_number_again_detects_it_by_what_the_site_reports(
    world: SmallWorld,
) -> None:
    """The same request reached central before and after: two answers under one number, of which the site has the first."""
    copy = world.copy_central()
    request = request_of(world)
    first = world.deliver_request(request)
    world.deliver_response(world.machines[0], first)
    world.restore_central(copy)
    world.clock.advance(timedelta(minutes=1))
    second = world.deliver_request(request)
    codes = [code_of(world, request_of(world))]
    world.deliver_authorization(world.machines[0], world.reopen_epoch(world.registration(world.machines[0])))
    codes.append(code_of(world, request_of(world)))

    assert first != second
    assert codes == ["resync_required", "answered"]


@pytest.mark.row("C11.2", "S2.6", "C7.3")
def test_a_restored_central_forgets_again_what_the_site_gave_back_and_removed(world: SmallWorld) -> None:
    """A list of use that was shortened and a device that left, both told before: central does not go on counting them."""
    machine = world.machines[0]
    for name in ("A", "B"):
        world.try_device(name, machine, lambda device: device.use(ORDINARY, 1))
    trip(world)
    copy = world.copy_central()
    world.try_device("A", machine, lambda device: device.release(ORDINARY))
    world.try_device("B", machine, lambda device: device.deregister())
    trip(world)
    world.restore_central(copy, anchor=False)
    before = world.central_state()
    world.deliver_authorization(machine, world.reopen_epoch(world.registration(machine)))
    trip(world)

    assert len(before["instances"]) == 2
    assert sum(before["claims"].values()) == 2
    assert world.central_state() == world.site_state(machine)
    assert len(world.central_state()["instances"]) == 1
    assert world.central_state()["claims"] == {}


@pytest.mark.row("S2.6")
def test_an_authorization_serves_only_the_machine_whose_registration_it_answers(world: SmallWorld) -> None:
    """A copy made earlier cannot enter the new epoch with it."""
    world.clone(world.machines[0])
    data = world.reopen_epoch(world.registration(world.machines[0]))

    assert reply(world, world.machines[1], data) == "not_mine"
    assert reply(world, world.machines[0], data) == "applied"


@pytest.mark.row("S2.6")
def test_epochs_never_repeat(world: SmallWorld) -> None:
    """Each resynchronization opens a higher epoch with another id."""
    seen = set()
    for _ in range(3):
        world.deliver_authorization(world.machines[0], world.reopen_epoch(world.registration(world.machines[0])))
        with world.machines[0].made.database.read(OPERATOR) as unit:
            seen.add((site_of(unit).epoch, site_of(unit).epoch_id))

    assert sorted(epoch for epoch, _ in seen) == [2, 3, 4]
    assert len({name for _, name in seen}) == 3


# -- responses at the site -------------------------------------------------------------------------------------------


@pytest.mark.row("S2.5")
def test_an_older_response_changes_nothing(world: SmallWorld) -> None:
    """It arrives after a newer one and is left."""
    first = trip(world)
    trip(world)
    before = world.site_state(world.machines[0])

    assert reply(world, world.machines[0], first) == "older_than_applied"
    assert world.site_state(world.machines[0]) == before


@pytest.mark.row("S2.5", "S2.6")
def test_a_response_to_the_other_copy_acknowledges_nothing(world: SmallWorld) -> None:
    """The copy made a request of the same number; its records are not counted as delivered."""
    trip(world)
    world.clone(world.machines[0])
    request_of(world, world.machines[1])
    response = world.deliver_request(request_of(world, world.machines[0]))

    assert reply(world, world.machines[1], response) == "not_mine"
    assert world.forgotten_records(world.machines[1]) == set()


@pytest.mark.row("S2.3", "S2.5")
def test_what_a_lost_response_held_comes_with_the_next(world: SmallWorld) -> None:
    """A response is a difference from what the site says it applied, not from what central once said."""
    trip(world)
    ask(world, "A")
    world.deliver_request(request_of(world))
    trip(world)
    contact(world, "A")

    assert world.devices["A"].may_use(RESTRICTED).allowed


@pytest.mark.row("S2.3", "C11.2")
def test_a_record_that_comes_again_is_taken_in_once(world: SmallWorld) -> None:
    """The response was lost, so the next request repeats every record."""
    ask(world, "A")
    world.deliver_request(request_of(world))
    world.deliver_request(request_of(world))
    trip(world)

    assert world.repeated_records() == []
    assert world.locked() == 1


# -- copies, anchors, what was forgotten -------------------------------------------------------------------------------


@pytest.mark.row("S2.6")
def test_a_database_restored_behind_its_anchor_serves_no_new_rights(world: SmallWorld) -> None:
    """Files and restricted requests are refused until the resynchronization; ordinary use goes on."""
    machine = world.machines[0]
    world.snapshot(machine)
    trip(world)
    world.restore(machine, machine.snapshots[0], anchor=False)

    with pytest.raises(AppError, match="older copy"):
        world.export(machine)
    assert ask(world, "B") == "recovery"
    assert world.try_device("B", machine, lambda device: device.use(ORDINARY, 1)) == "done"


@pytest.mark.row("S2.6")
def test_a_power_cut_between_commit_and_anchor_is_no_restore(world: SmallWorld) -> None:
    """The database is ahead of its anchor: the next export gives the same file and nothing is suspected."""
    world.export(world.machines[0], power_cut=True)

    assert world.export(world.machines[0]) is not None
    trip(world)


@pytest.mark.row("S2.6")
def test_a_copy_whose_anchor_went_back_with_it_is_found_by_central(world: SmallWorld) -> None:
    """The whole disk was restored: nothing on it can tell, but its next file is a fork, and the unit stays granted once."""
    machine = world.machines[0]
    world.snapshot(machine)
    granted(world)
    world.restore(machine, machine.snapshots[0], anchor=True)
    ask(world, "B")

    assert code_of(world, request_of(world)) == "fork"
    assert world.locked() == 1


@pytest.mark.row("S2.6", "S2.3")
def test_what_a_restored_site_forgot_comes_back_and_nothing_is_removed_by_silence(world: SmallWorld) -> None:
    """Use that only central remembers returns to the site with its authorization; a full request does not erase it."""
    machine = world.machines[0]
    world.snapshot(machine)
    world.try_device("B", machine, lambda device: device.use(ORDINARY, 2))
    trip(world)
    world.restore(machine, machine.snapshots[0], anchor=False)
    world.deliver_authorization(machine, world.reopen_epoch(world.registration(machine)))
    request = world.export(machine)
    assert request is not None
    world.deliver_response(machine, world.deliver_request(request))

    assert world.site_state(machine) == world.central_state()
    assert set(world.central_state()["claims"].values()) == {2}
    world.try_device("B", machine, lambda device: device.release(ORDINARY))
    trip(world)
    assert world.central_state()["claims"] == {}


# -- restricted licences -----------------------------------------------------------------------------------------------


@pytest.mark.row("C8.1")
def test_one_unit_has_one_winner(world: SmallWorld) -> None:
    """Two devices ask in one file; one is granted, the other is told that none is free."""
    ask(world, "A")
    ask(world, "B")
    trip(world)
    for name in ("A", "B"):
        contact(world, name)
    states = sorted(world.devices[name].state.exports[RESTRICTED].state for name in ("A", "B"))

    assert states == ["failed", "granted"]
    assert world.locked() == 1


@pytest.mark.row("C8.3", "S4.4")
def test_a_returned_grant_is_never_revived(world: SmallWorld) -> None:
    """A site that offers a newer generation of what the device gave back gets the return again, and no use."""
    grant = granted(world)
    device = world.devices["A"]
    world.clock.advance(timedelta(days=1))
    trip(world)
    world.clock.advance(timedelta(days=190))
    trip(world)
    with world.machines[0].made.database.read(OPERATOR) as unit:
        row = unit.session.get_one(HeldGrant, grant)
        generation, envelope = row.generation, row.envelope
    world.try_device("A", world.machines[0], lambda one: one.return_export(RESTRICTED), cut=True)
    now = world.clock.now()
    offer = AuthorizeResult(now, now, now, (), (), (envelope,), (), ())
    assert device._trust is not None
    unwanted = exports.install(device.state, device._own_key(), device._trust, offer, now)

    assert generation == 2
    assert unwanted == [grant]
    assert device.state.grants[grant].returned is not None


@pytest.mark.row("C8.3", "S4.4")
def test_a_return_is_repeated_until_central_released_it(world: SmallWorld) -> None:
    """The site that took it was restored and forgot it: the unit is free in the end all the same."""
    machine = world.machines[0]
    granted(world)
    world.snapshot(machine)
    world.try_device("A", machine, lambda device: device.return_export(RESTRICTED))
    world.restore(machine, machine.snapshots[0], anchor=True)
    assert contact(world, "A") == "done"
    trip(world)

    assert world.locked() == 0
    assert not world.devices["A"].may_use(RESTRICTED).allowed


@pytest.mark.row("C8.3", "S4.4", "S2.6")
def test_a_return_of_a_grant_that_the_site_never_knew_blocks_no_device(world: SmallWorld) -> None:
    """Central released it by way of another copy; the device is told so and renews as ever."""
    machine = world.machines[0]
    world.snapshot(machine)
    granted(world)
    world.try_device("A", machine, lambda device: device.return_export(RESTRICTED))
    trip_without_device(world, machine)
    world.restore(machine, machine.snapshots[0], anchor=True)
    world.deliver_authorization(machine, world.reopen_epoch(world.registration(machine)))
    trip_without_device(world, machine)

    assert world.locked() == 0
    assert contact(world, "A") == "done"
    trip_without_device(world, machine)
    assert contact(world, "A") == "done"
    assert next(iter(world.devices["A"].state.grants.values())).released


@pytest.mark.row("C8.3", "S4.4", "S2.6")
def test_a_return_of_a_grant_that_the_site_never_knew_reaches_central(world: SmallWorld) -> None:
    """The site was restored to before the grant: the device's return passes through it all the same."""
    machine = world.machines[0]
    world.snapshot(machine)
    granted(world)
    trip_without_device(world, machine)
    world.restore(machine, machine.snapshots[0], anchor=True)
    world.try_device("A", machine, lambda device: device.return_export(RESTRICTED))
    with machine.made.database.read(OPERATOR) as unit:
        kept = [row.returned is not None for row in unit.session.scalars(select(HeldGrant))]
    world.deliver_authorization(machine, world.reopen_epoch(world.registration(machine)))
    trip_without_device(world, machine)

    assert kept == [True]
    assert world.locked() == 0


def trip_without_device(world: SmallWorld, machine: Machine) -> None:
    """A round trip before which no device speaks."""
    world.clock.advance(timedelta(minutes=1))
    data = world.export(machine)
    assert data is not None
    world.deliver_response(machine, world.deliver_request(data))


@pytest.mark.row("C8.1", "S4.4")
def test_a_grant_for_another_device_gives_no_right(world: SmallWorld) -> None:
    """The site's database was edited so that B is offered what A was granted."""
    ask(world, "A")
    trip_without_device(world, world.machines[0])
    key = world.devices["B"]._own_key().public
    with world.machines[0].made.database.write(OPERATOR) as unit:
        instance = unit.session.scalars(select(Instance.id).where(Instance.key_hash == key.key_hash)).one()
        unit.session.execute(update(HeldGrant).values(key_hash=key.key_hash, instance_id=instance))
    contact(world, "B")

    assert not world.devices["B"].may_use(RESTRICTED).allowed


@pytest.mark.row("C8.1", "S4.1")
def test_a_new_key_neither_frees_nor_inherits_a_grant(world: SmallWorld) -> None:
    """The device's key was lost and it registered again: the unit stays with the former key."""
    granted(world)
    shutil.rmtree(world.folder / "devices" / "A")
    world.devices["A"] = world._device("A")
    assert world.register_again("A", world.machines[0]) == "done"
    ask(world, "A")
    trip(world)
    contact(world, "A")
    export = world.devices["A"].state.exports[RESTRICTED]

    assert world.locked() == 1
    assert (export.state, export.reason) == ("failed", "restricted_licence_not_available")


@pytest.mark.row("C8.2")
def test_a_report_of_a_site_frees_nothing_before_central_s_own_clock_agrees(world: SmallWorld) -> None:
    """Its clock runs ahead by less than what is tolerated; the unit is not free a minute too early."""
    ask(world, "A")
    machine = world.machines[0]
    trip_without_device(world, machine)
    with machine.made.database.read(OPERATOR) as unit:
        end = unit.session.scalars(select(HeldGrant.deliver_until)).one()
    world.clock.advance(end - timedelta(minutes=4) - world.clock.at)
    ahead = FixedClock(end + timedelta(minutes=4))
    machine.made = assemble_satellite(machine.home, ahead)
    machine.wire.app = front_of(make_app(machine.made))
    data = world.export(machine)
    assert data is not None
    world.deliver_request(data)
    early = world.locked()
    for clock in (world.clock, ahead):
        clock.advance(end + timedelta(days=2) - clock.at)
    trip_without_device(world, machine)

    assert early == 1
    assert world.locked() == 0


@pytest.mark.row("C8.2", "C8.3", "S4.4")
def test_a_release_ends_the_right_of_a_device_that_gave_nothing_back(world: SmallWorld) -> None:
    """A site that forgot a delivery calls the grant undelivered; at its next contact the device learns that it is over."""
    machine = world.machines[0]
    ask(world, "A")
    trip_without_device(world, machine)
    world.snapshot(machine)
    contact(world, "A")
    world.restore(machine, machine.snapshots[0], anchor=True)
    world.clock.advance(timedelta(days=31))
    contact(world, "B")
    trip_without_device(world, machine)
    freed = world.locked()
    contact(world, "A")

    assert freed == 0
    assert not world.devices["A"].may_use(RESTRICTED).allowed


# -- devices -----------------------------------------------------------------------------------------------------------


def recorded(world: SmallWorld) -> list[tuple[str, bytes]]:
    """Write down what devices say to the site from now on."""
    heard: list[tuple[str, bytes]] = []
    wire = world.machines[0].wire
    plain = wire.post

    def post(path: str, body: bytes) -> Reply:
        heard.append((path, body))
        return plain(path, body)

    wire.post = post  # type: ignore[method-assign]  # the same wire, with an ear
    return heard


@pytest.mark.row("S4.1", "S4.2")
def test_a_message_replayed_by_a_third_party_changes_nothing(world: SmallWorld) -> None:
    """An old message is refused by its number; the last one again gets the stored answer."""
    heard = recorded(world)
    machine = world.machines[0]
    world.try_device("A", machine, lambda device: device.use(ORDINARY, 2))
    world.try_device("A", machine, lambda device: device.release(ORDINARY))
    old, last = heard[0], heard[-1]
    first = machine.wire.app
    answers = [machine.wire.post(*last) for _ in range(2)]
    refused = machine.wire.post(*old)

    assert first is machine.wire.app
    assert answers[0] == answers[1]
    assert answers[0].status == 200
    assert refused.status == 409
    assert b"counter_too_low" in refused.body
    assert world.site_state(machine)["claims"] == {}


@pytest.mark.row("S4.1", "S4.4")
def test_a_lost_answer_costs_nothing_and_marks_nobody(world: SmallWorld) -> None:
    """The same bytes go out again and get the stored answer: one request, no suspicion of a restored device."""
    machine = world.machines[0]
    code = world.try_device("A", machine, lambda device: device.request_export(RESTRICTED, 1), deaf=True)
    contact(world, "A")
    with machine.made.database.read(OPERATOR) as unit:
        marks = [mark for row in unit.session.scalars(select(Instance)) for mark in row.marks]
        kinds = [row.kind for row in unit.session.scalars(select(Event))]

    assert code == "server_unreachable"
    assert marks == []
    assert sum("export" in kind and "request" in kind for kind in kinds) == 1


# -- keys --------------------------------------------------------------------------------------------------------------


def prepare(machine: Machine) -> None:
    """Half of the identity's life is over: the next keys are made."""
    with machine.made.database.write(OPERATOR) as unit:
        site, ring = site_of(unit), machine.made.keyring
        site.next_identity_key_id, site.next_device_ca_key_id = ring.make_key(), ring.make_key()


@pytest.mark.row("S2.3", "E2")
def test_the_old_key_is_good_until_central_has_heard_the_new_one(world: SmallWorld) -> None:
    """The response with the new certificates was lost: the site goes on with the key that it has."""
    prepare(world.machines[0])
    world.deliver_request(request_of(world))

    assert code_of(world, request_of(world)) == "answered"


@pytest.mark.row("S2.6", "E2")
def test_a_copy_with_a_replaced_key_is_told_that_it_is_old(world: SmallWorld) -> None:
    """Its signature is known and retired: it was restored, it is not a stranger."""
    world.clone(world.machines[0])
    prepare(world.machines[0])
    trip(world)
    trip(world)
    theirs = [request_of(world, world.machines[1]) for _ in range(3)][-1]

    assert code_of(world, theirs) == "resync_required"
