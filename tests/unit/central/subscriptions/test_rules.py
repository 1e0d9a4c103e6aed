"""The rule of assignments by itself: what ticks mean, and which subscription is enabled."""

from __future__ import annotations

import pytest

from central.domain.subscriptions.rules import Present, Standing, Step, standings, steps


@pytest.mark.row("C4.2")
def test_ticks_are_moves_first_then_copies_or_withdrawals() -> None:
    """Each virtual account that is left goes to a new one as long as there are both."""
    order = {"a": 1, "b": 2, "c": 3, "d": 4}
    assert steps(["a"], {"b"}, order) == [Step("moved", "a", "b")]
    assert steps(["a"], {"a", "c", "b"}, order) == [Step("copied", "a", "b"), Step("copied", "a", "c")]
    assert steps(["b", "a"], {"c", "d"}, order) == [Step("moved", "a", "c"), Step("moved", "b", "d")]
    assert steps(["a"], {"b", "c"}, order) == [Step("moved", "a", "b"), Step("copied", "a", "c")]
    assert steps(["a", "b"], {"a"}, order) == [Step("withdrawn", "b")]
    assert steps(["a"], {"a"}, order) == []


@pytest.mark.row("C4.2")
def test_the_first_that_came_is_enabled_in_each_virtual_account() -> None:
    """Later ones of the same licence are duplicates there; another licence is judged by itself."""
    found = standings(
        [
            Present("a", "T", "late", (), 9),
            Present("a", "T", "early", (), 2),
            Present("b", "T", "late", (), 8),
            Present("a", "U", "late", (), 9),
        ]
    )
    assert found["a", "T", "late"] is Standing.DISABLED
    assert {key for key, state in found.items() if state is Standing.ENABLED} == {
        ("a", "T", "early"),
        ("b", "T", "late"),
        ("a", "U", "late"),
    }
