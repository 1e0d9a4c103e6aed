"""Licence time: the clock table, and what no sequence of wrong clocks may cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serverkit.licence_time import (
    LONG_AGO,
    QUIET,
    TOLERANCE,
    ClockTrust,
    Mark,
    Moment,
    can_lower,
    confirmed,
    first_mark,
    judge,
    signed,
)

T0 = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)
BOOT = timedelta(hours=5)
MARK = Mark(at=T0, sure=T0, boot="one", uptime=BOOT, anchor=T0)


def at(moved: timedelta, passed: timedelta, boot: str = "one") -> Moment:
    """The machine's word after its clock moved and time passed; in another boot, `passed` is that boot's age."""
    return Moment(T0 + moved, boot, passed + (BOOT if boot == "one" else timedelta(0)))


@pytest.mark.row("S1.3")
@pytest.mark.parametrize(
    ("moment", "standing", "licence_time", "alarming", "may_end", "provisional"),
    [
        pytest.param(at(HOUR, HOUR), ClockTrust.BELIEVED, T0 + HOUR, False, True, False, id="time goes on"),
        pytest.param(at(-timedelta(minutes=4), HOUR), ClockTrust.SET_BACK, T0, False, True, False, id="back a little"),
        pytest.param(at(-timedelta(minutes=6), HOUR), ClockTrust.SET_BACK, T0, True, True, False, id="back 6 minutes"),
        pytest.param(at(-YEAR, HOUR), ClockTrust.SET_BACK, T0, True, True, False, id="back a year"),
        pytest.param(at(-YEAR, HOUR, "two"), ClockTrust.SET_BACK, T0, True, True, False, id="back a year, rebooted"),
        pytest.param(at(DAY, HOUR), ClockTrust.BELIEVED, T0 + DAY, False, True, False, id="forward within a day"),
        pytest.param(at(HOUR + DAY, HOUR), ClockTrust.BELIEVED, T0 + HOUR + DAY, False, True, False, id="at the edge"),
        pytest.param(
            at(HOUR + DAY + timedelta(seconds=1), HOUR),
            ClockTrust.SUSPICIOUS,
            T0,
            True,
            False,
            False,
            id="past the edge",
        ),
        pytest.param(at(YEAR, HOUR), ClockTrust.SUSPICIOUS, T0, True, False, False, id="forward a year"),
        pytest.param(at(YEAR, YEAR), ClockTrust.BELIEVED, T0 + YEAR, False, True, False, id="a year of running"),
        pytest.param(at(DAY, HOUR, "two"), ClockTrust.BELIEVED, T0 + DAY, False, True, False, id="off for a day"),
        pytest.param(at(YEAR, HOUR, "two"), ClockTrust.BELIEVED, T0 + YEAR, False, True, True, id="off for a year"),
    ],
)
def test_the_clock_table(
    moment: Moment, standing: ClockTrust, licence_time: datetime, alarming: bool, may_end: bool, provisional: bool
) -> None:
    """Each row of the table: what is believed, what licence time is then, whether people are told, what may end."""
    reading = judge(MARK, moment)

    assert (reading.standing, reading.licence_now) == (standing, licence_time)
    assert (reading.alarming, reading.may_end, reading.mark.provisional) == (alarming, may_end, provisional)
    assert reading.now >= reading.licence_now


@pytest.mark.row("S1.3")
def test_steps_below_the_tolerance_do_not_add_up() -> None:
    """Twenty jumps of 20 hours in one boot are a jump: the tolerance is counted from what was known at its start."""
    mark, moved = MARK, timedelta(0)
    for number in range(20):
        moved += 20 * HOUR
        reading = judge(mark, at(moved, timedelta(minutes=number)))
        mark = reading.mark

    assert reading.standing is ClockTrust.SUSPICIOUS
    assert mark.at <= T0 + TOLERANCE + HOUR


@pytest.mark.row("S1.3")
def test_a_jump_is_cleared_by_correction_by_measuring_by_central_and_by_a_person() -> None:
    """After each of the four the clock is believed again and nothing was lost."""
    jumped = at(YEAR, HOUR)
    right = at(2 * HOUR, 2 * HOUR)
    healed = [
        judge(MARK, right),
        judge(confirmed(MARK, jumped, by_person=False), jumped),
        judge(confirmed(MARK, jumped, by_person=True), jumped),
        judge(signed(MARK, jumped, T0 + YEAR - HOUR, T0), jumped),
    ]

    assert [reading.standing for reading in healed] == [ClockTrust.BELIEVED] * 4
    assert [reading.licence_now - T0 for reading in healed] == [2 * HOUR, YEAR, YEAR, YEAR]


@pytest.mark.row("S1.3")
def test_central_s_time_is_a_lower_bound() -> None:
    """A clock that is behind central's signed time waits for it; one that is ahead of an old response loses nothing."""
    behind = signed(MARK, at(HOUR, HOUR), T0 + 10 * DAY, T0)
    unasked = signed(MARK, at(HOUR, HOUR), T0 + 10 * DAY, None)
    ahead = signed(MARK, at(10 * DAY, 10 * DAY), T0 + DAY, T0)

    assert behind.at == unasked.at == T0 + 10 * DAY
    assert judge(behind, at(HOUR, HOUR)).standing is ClockTrust.SET_BACK
    assert judge(ahead, at(10 * DAY, 10 * DAY)).licence_now == T0 + 10 * DAY


@pytest.mark.row("S1.3")
def test_a_time_that_jumped_while_the_machine_was_off_comes_down_by_proof_only() -> None:
    """Central answered before this machine says it asked: it was ahead. An answer to an older question proves nothing."""
    off = at(YEAR, HOUR, "two")
    mark = judge(MARK, off).mark
    asked = T0 + YEAR + HOUR
    lowered = signed(mark, off, T0 + 2 * DAY, asked)
    unproven = signed(mark, off, T0 + 2 * DAY, T0 + DAY)
    proven = signed(mark, off, asked + 3 * DAY, asked)

    assert lowered.at == T0 + 2 * DAY
    assert judge(lowered, off).standing is ClockTrust.SUSPICIOUS
    assert unproven.at == T0 + YEAR
    assert unproven.provisional
    assert not proven.provisional


@pytest.mark.row("S1.3")
def test_a_person_lowers_only_what_is_not_sure() -> None:
    """A provisional time may be brought back to the clock, down to what was sure; a confirmed one may not."""
    mark = judge(MARK, at(YEAR, HOUR, "two")).mark
    right = Moment(T0 + 2 * DAY, "two", 2 * HOUR)
    too_far = Moment(T0 - 2 * DAY, "two", 2 * HOUR)

    mistaken = confirmed(MARK, at(YEAR, HOUR), by_person=True)

    assert confirmed(mark, right, by_person=True).at == T0 + 2 * DAY
    assert confirmed(mistaken, at(2 * HOUR, 2 * HOUR), by_person=True).at == T0 + 2 * HOUR
    assert confirmed(mark, too_far, by_person=True).at == T0
    assert not can_lower(MARK, too_far)


@pytest.mark.row("S1.3")
def test_a_new_machine_may_be_set_right_before_anybody_relied_on_its_time() -> None:
    """The first time is provisional: a person brings it back from a wrong future."""
    mark = first_mark(Moment(T0 + 10 * YEAR, "one", BOOT))
    right = Moment(T0, "one", BOOT + HOUR)

    assert (mark.provisional, mark.sure) == (True, LONG_AGO)
    assert confirmed(mark, right, by_person=True).at == T0


@dataclass
class Machine:
    """A machine in true time, whose clock anyone may move."""

    true: datetime = T0
    wrong: timedelta = timedelta(0)
    boots: int = 1
    booted: datetime = T0 - BOOT

    def moment(self) -> Moment:
        """What it says."""
        return Moment(self.true + self.wrong, str(self.boots), self.true - self.booted)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 40 * 24)),
        st.tuples(st.just("back"), st.integers(1, 400 * 24)),
        st.tuples(st.just("jump"), st.integers(1, 24)),
        st.tuples(st.just("jump"), st.integers(1, 400 * 24)),
        st.tuples(st.just("right"), st.just(0)),
        st.tuples(st.just("reboot"), st.integers(0, 100)),
    ),
    max_size=30,
)


def _act(machine: Machine, what: str, hours: int) -> None:
    by = timedelta(hours=hours)
    if what == "pass":
        machine.true += by
    elif what == "back":
        machine.wrong -= by
    elif what == "jump":
        machine.wrong += by
    elif what == "right":
        machine.wrong = timedelta(0)
    else:
        machine.true += by
        machine.boots += 1
        machine.booted = machine.true


@pytest.mark.row("S1.3")
@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_licence_time_never_goes_back_and_the_present_always_goes_on(steps: list[tuple[str, int]]) -> None:
    """Whatever is done to the clock: what has ended stays ended, and the present passes while the machine runs."""
    machine, mark = Machine(), replace(MARK, boot="1", uptime=BOOT)
    present = mark.at
    for what, hours in steps:
        boot = machine.boots
        _act(machine, what, hours)
        reading = judge(mark, machine.moment())
        assert reading.licence_now >= mark.at
        assert reading.now >= reading.licence_now
        # The clock was neither ahead before nor moved: what passed in this boot is passed for the present too.
        if what == "pass" and boot == machine.boots:
            assert reading.now >= mark.at
        mark, present = reading.mark, max(present, reading.now)


@pytest.mark.row("S1.3")
@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_clock_that_is_moved_in_one_boot_ends_anything_early(steps: list[tuple[str, int]]) -> None:
    """Without a reboot licence time is never more than the tolerance before true time, however the clock jumps."""
    machine, mark = Machine(), replace(MARK, boot="1", uptime=BOOT)
    for what, hours in steps:
        if what == "reboot":
            continue
        _act(machine, what, hours)
        reading = judge(mark, machine.moment())
        mark = reading.mark
        assert mark.at <= machine.true + TOLERANCE
        assert reading.now >= mark.at


@pytest.mark.row("S1.3")
@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_a_right_clock_is_always_believed_again(steps: list[tuple[str, int]]) -> None:
    """In one boot, whatever was done: once the clock is right and the mark is passed, it is believed."""
    machine, mark = Machine(), replace(MARK, boot="1", uptime=BOOT)
    for what, hours in steps:
        if what != "reboot":
            _act(machine, what, hours)
            mark = judge(mark, machine.moment()).mark
    machine.wrong = timedelta(0)
    machine.true += TOLERANCE + QUIET

    assert judge(mark, machine.moment()).standing is ClockTrust.BELIEVED
