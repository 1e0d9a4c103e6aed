"""What an anchor says of its database, and which node is a copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central.domain.operations.rules import ALIVE, Origin, Place, is_copy, is_running, origin_of

NOW = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.row("S2.6")
@pytest.mark.parametrize(
    ("anchored", "marked", "answers", "shared", "noted", "origin"),
    [
        (5, False, 5, False, True, Origin.GOES_ON),
        (5, False, 6, False, True, Origin.GOES_ON),
        (6, False, 5, False, True, Origin.RESTORED),
        (5, True, 9, False, True, Origin.RESTORED),
        (None, False, 0, False, False, Origin.GOES_ON),
        (None, False, 5, False, True, Origin.RESTORED),
        (None, False, 5, True, False, Origin.NEW),
        (None, False, 5, True, True, Origin.RESTORED),
    ],
)
def test_a_database_behind_its_anchor_was_restored(
    anchored: int | None, marked: bool, answers: int, shared: bool, noted: bool, origin: Origin
) -> None:
    """A home without an anchor is a new node of a common database, unless that database knows it."""
    found = origin_of(anchored=anchored, marked=marked, answers=answers, shared=shared, noted=noted)

    assert found is origin


@pytest.mark.row("S2.6")
def test_a_home_is_a_copy_while_the_node_of_its_id_runs_elsewhere() -> None:
    """A node that was not seen lately has moved; the same place is no copy of itself."""
    here, there = Place("one", "/home"), Place("two", "/home")
    lately, long_ago = NOW - timedelta(seconds=1), NOW - ALIVE

    assert is_copy(there, here, lately, NOW)
    assert not is_copy(here, here, lately, NOW)
    assert not is_copy(there, here, long_ago, NOW)
    assert (is_running(lately, NOW), is_running(long_ago, NOW)) == (True, False)
