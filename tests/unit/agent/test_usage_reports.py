"""What a device measures (row S4.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from agent import usage_reports
from agent.store import DeviceState

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.row("S4.6")
def test_a_change_of_use_closes_a_measurement_and_begins_another() -> None:
    """Each has the count that was in use, from when to when; an unregistered device measures nothing."""
    state = DeviceState(uses={"A": 2})
    usage_reports.measure(state, NOW)
    nothing = dict(state.usage.running)
    state.registration = "complete"
    usage_reports.measure(state, NOW)
    state.uses = {"A": 3, "B": 1}
    usage_reports.measure(state, NOW + HOUR)
    state.uses = {"A": 3}
    usage_reports.measure(state, NOW + 2 * HOUR)
    found = [(one.tag, one.count, one.start[11:13], one.end[11:13]) for one in state.usage.measured]

    assert nothing == {}
    assert found == [("A", 2, "12", "13"), ("B", 1, "13", "14")]
    assert {tag: running.count for tag, running in state.usage.running.items()} == {"A": 3}


@pytest.mark.row("S4.6")
def test_measurements_that_wait_are_bounded_and_none_is_lost() -> None:
    """A device that never reports joins its oldest measurements of a licence, with the higher count."""
    state = DeviceState(registration="complete")
    for step in range(2 * usage_reports.MOST_MEASURED):
        state.uses = {"A": 1 + step % 2}
        usage_reports.measure(state, NOW + step * HOUR)
    kept = state.usage.measured

    assert len(kept) == usage_reports.MOST_MEASURED
    assert (kept[0].count, kept[0].start) == (2, "2026-11-29T12:00:00Z")
    assert all(before.end == after.start for before, after in pairwise(kept))


@pytest.mark.row("S4.6")
def test_a_clock_that_was_set_back_measures_nothing_backwards() -> None:
    """What would end before it begins is left out."""
    state = DeviceState(registration="complete", uses={"A": 1})
    usage_reports.measure(state, NOW)
    state.uses = {}
    usage_reports.measure(state, NOW - HOUR)

    assert state.usage.measured == []
