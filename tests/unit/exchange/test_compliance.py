"""The rules of licences that both sides of the gap share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.compliance import (
    LotPhase,
    LotView,
    choose_lots,
    following_warning,
    last_moment,
    lot_phase,
    pick_lots,
    until,
)
from exchange.vocabulary import LicenceType

NOW = datetime(2027, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.row("C3.3", "C3.10")
def test_a_term_counts_from_its_first_moment_to_the_last_before_its_end() -> None:
    """Its end is the first moment that no longer counts, and its last day is named."""
    assert lot_phase(NOW, NOW + DAY, NOW) is LotPhase.ACTIVE
    assert lot_phase(NOW + DAY, None, NOW) is LotPhase.FUTURE
    assert lot_phase(None, NOW, NOW) is LotPhase.EXPIRED
    assert last_moment(NOW) == NOW - timedelta(seconds=1)
    assert until(NOW) == "until the end of 30 Nov 2027 UTC"


@pytest.mark.row("C10.2")
def test_the_end_of_a_term_is_the_last_of_its_warnings() -> None:
    """After it there is none; before it, each lies ahead."""
    assert following_warning(NOW, NOW) is None
    assert following_warning(NOW + timedelta(hours=1), NOW) == NOW + timedelta(hours=1)
    ahead = following_warning(NOW + 400 * DAY, NOW)
    assert ahead is not None
    assert NOW < ahead < NOW + 400 * DAY


@pytest.mark.row("C6.2")
def test_of_lots_that_end_together_one_rule_decides() -> None:
    """The lower id is picked first, by whichever way lots are picked, and whichever end goes first."""
    lots = [
        LotView(of, LicenceType.TERM if end else LicenceType.PERPETUAL, 2, None, end)
        for of, end in (("d", NOW + DAY), ("b", None), ("c", NOW + DAY), ("a", None))
    ]

    assert choose_lots(lots, 5, NOW) == (("a", 2), ("b", 2), ("c", 1)) == pick_lots(lots, 5)
    assert pick_lots(lots, 5, longest_first=False) == (("c", 2), ("d", 2), ("a", 1))
