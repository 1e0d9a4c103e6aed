"""Several machines keep one licence time: each counts by its own uptime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.domain.base import Base
from central.domain.operations.models import ClockRow
from serverkit.clock import FixedClock
from serverkit.db.engine import make_engine
from serverkit.db.timekeeper import MOST_BOOTS, Timekeeper
from serverkit.licence_time import ClockTrust

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def node(tmp_path: Path) -> Callable[[FixedClock], Timekeeper]:
    """A process on a machine with a clock."""
    engine = make_engine(tmp_path / "central.db")
    Base.metadata.create_all(engine, [Base.metadata.tables["clock"]])
    return lambda clock: Timekeeper(clock, engine, ClockRow)


@pytest.mark.row("S1.3", "B8")
@pytest.mark.parametrize("again", [False, True], ids=["same process", "new process"])
def test_a_jump_on_one_node_is_a_jump_even_if_another_kept_the_time_last(
    node: Callable[[FixedClock], Timekeeper], again: bool
) -> None:
    """A node that ran for a hundred days jumps by forty after another node kept the time: it is not believed.

    The other goes on; licence time moves for neither by the jump.
    """
    one, two = FixedClock(BEGIN, timedelta(days=3), "one"), FixedClock(BEGIN, timedelta(days=100), "two")
    keeper, other = node(one), node(two)
    for _ in range(3):
        for clock, kept in ((two, other), (one, keeper)):
            clock.advance(timedelta(minutes=2))
            kept.read()
            kept.keep()
    two.at += timedelta(days=40)
    found = (node(two) if again else other).read()

    assert found.standing is ClockTrust.SUSPICIOUS
    assert keeper.read().standing is ClockTrust.BELIEVED
    assert keeper.read().licence_now == one.at
    assert found.licence_now < BEGIN + timedelta(hours=1)


@pytest.mark.row("S1.3")
def test_the_row_of_the_clock_does_not_grow_with_every_boot(node: Callable[[FixedClock], Timekeeper]) -> None:
    """A machine that boots again and again leaves a bounded number of anchors."""
    clock = FixedClock(BEGIN)
    for number in range(MOST_BOOTS + 5):
        clock.boot = f"boot {number}"
        clock.advance(timedelta(minutes=2))
        made = node(clock)
        made.read()
        made.keep(always=True)
    with made._engine.connect() as connection:
        row = connection.execute(ClockRow.__table__.select()).one()  # type: ignore[attr-defined]  # a mapped class
    assert len(row.others) == MOST_BOOTS
