"""The device's own rule of time: no answer that prolongs what is sure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exchange.licence_time as device
from agent.clock import DeviceClock
from agent.licence_time import reply
from agent.states import evaluation_step

T0 = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOURS = st.integers(-20_000, 20_000)


@pytest.mark.row("D1", "S1.3")
@settings(max_examples=300, deadline=None)
@given(HOURS, HOURS, HOURS)
def test_no_answer_brings_down_what_was_sure(clock: int, said: int, asked: int) -> None:
    """A satellite that lies about the time cannot make a device's ended right begin again."""
    mark = device.Mark(T0, T0, "a", timedelta(0), T0)
    moment = device.Moment(T0 + timedelta(hours=clock), "a", timedelta(hours=1))
    after = reply(mark, moment, T0 + timedelta(hours=said), T0 + timedelta(hours=asked))

    assert after.at >= T0


@pytest.mark.row("D1", "S1.3")
def test_an_answer_moves_licence_time_on_while_the_clock_is_set_back() -> None:
    """A device whose clock is in the past still learns how late it is, from anyone who answers it."""
    mark = device.Mark(T0, T0, "a", timedelta(0), T0)
    moment = device.Moment(T0 - timedelta(days=30), "a", timedelta(hours=1))
    asked = device.judge(mark, moment).now
    after = reply(mark, moment, asked + timedelta(days=3), asked)

    assert device.judge(after, moment).licence_now == asked + timedelta(days=3)


@pytest.mark.row("D1", "S1.3")
def test_an_answer_that_fits_confirms_a_clock_that_jumped() -> None:
    """Beside the server's time a jump was none: the clock is believed again, and what it says is sure."""
    mark = device.Mark(T0, T0, "a", timedelta(0), T0)
    moment = device.Moment(T0 + timedelta(days=30), "a", timedelta(hours=1))
    jumped = device.judge(mark, moment)
    after = reply(mark, moment, moment.system + timedelta(hours=2), jumped.now)

    assert jumped.standing is device.ClockTrust.SUSPICIOUS
    assert device.judge(after, moment).standing is device.ClockTrust.BELIEVED
    assert after.sure == moment.system


@pytest.mark.row("D1")
def test_the_evaluation_period_warns_at_each_step() -> None:
    """60, 30, 21, 14, 7 days, each day of the last week, each hour of the last day, and each hour after it."""
    left, seen = timedelta(days=90), []
    while left > timedelta(hours=-3):
        step = evaluation_step(left, max(timedelta(0), -left))
        if step is not None and step not in seen:
            seen.append(step)
        left -= timedelta(minutes=30)
    days = [int(step.split()[0]) for step in seen if "days of" in step]
    hours = [int(step.split()[0]) for step in seen if "hours of" in step]

    assert days == [60, 30, 21, 14, 7, 6, 5, 4, 3, 2, 1]
    assert hours == [24, *range(23, 0, -1)]
    assert [step for step in seen if "over for" in step] == [
        f"evaluation period over for {hour} hours" for hour in range(3)
    ]


@pytest.mark.row("D1")
@pytest.mark.parametrize("field", ["mark", "sure", "anchor"])
@pytest.mark.parametrize("far", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
def test_a_clock_file_with_a_time_that_no_clock_has_is_as_good_as_none(tmp_path: Path, field: str, far: str) -> None:
    """What is added to such a time leaves the calendar: the device starts from its clock, and none of its commands fails."""
    clock = DeviceClock(tmp_path)
    clock.keep(always=True)
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), field: far}), encoding="utf-8")
    assert abs(DeviceClock(tmp_path).licence_now() - clock.licence_now()) < timedelta(minutes=1)
