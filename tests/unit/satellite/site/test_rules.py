"""What the set-up examines, and when it can be finished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from satellite.core.site.rules import (
    ENOUGH_BYTES,
    FEWEST_BYTES,
    SERVED_NOW,
    Weight,
    judge_clock,
    judge_disk,
    judge_finish,
    judge_names,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.row("S1.2", "S1.3")
def test_a_clock_before_the_root_was_made_stops_the_set_up() -> None:
    """A clock that differs from the person's is shown with the difference; two minutes are none."""
    assert judge_clock(NOW, None, NOW + MINUTE).weight is Weight.STOP
    assert judge_clock(NOW, NOW + 2 * MINUTE, NOW - MINUTE).weight is Weight.IN_ORDER
    behind = judge_clock(NOW, NOW + 3 * MINUTE, NOW - MINUTE)
    assert behind.weight is Weight.LOOK
    assert "3 min 0 s behind" in behind.advice


@pytest.mark.row("S1.2")
def test_little_room_is_a_warning_and_none_a_stop() -> None:
    """The bounds belong to the better side."""
    found = [judge_disk(free).weight for free in (ENOUGH_BYTES, ENOUGH_BYTES - 1, FEWEST_BYTES, FEWEST_BYTES - 1)]

    assert found == [Weight.IN_ORDER, Weight.LOOK, Weight.LOOK, Weight.STOP]


@pytest.mark.row("S1.2")
def test_the_name_by_which_the_browser_came_is_among_the_names() -> None:
    """No name, or another one, is worth a look."""
    found = [
        judge_names(*each).weight for each in (([], None), (["site"], "other"), (["site"], "site"), (["site"], None))
    ]

    assert found == [Weight.LOOK, Weight.LOOK, Weight.IN_ORDER, Weight.IN_ORDER]


@pytest.mark.row("S1.2")
def test_the_set_up_is_finished_with_a_known_mode_on_an_authorized_satellite() -> None:
    """Every reason is named at once; the network needs an address; an unsettled time is a warning only."""
    settled = {"authorized": True, "has_address": True, "time_settled": True, "finished": None}
    wrong = judge_finish("pigeon", **{**settled, "authorized": False, "time_settled": False})

    assert judge_finish("manual", **{**settled, "has_address": False}).reasons == ()
    assert judge_finish("network", **{**settled, "has_address": False}).reasons
    assert len(wrong.reasons) == 2
    assert [one.code for one in judge_finish("", **settled).reasons] == ["mode_not_chosen"]
    assert judge_finish("", **settled).effects == judge_finish("pigeon", **settled).effects == (SERVED_NOW,)
    assert wrong.warnings
    assert judge_finish("manual", **{**settled, "finished": "manual"}).effects == ()
