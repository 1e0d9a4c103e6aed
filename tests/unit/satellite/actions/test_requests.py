"""The request that was made last."""

from __future__ import annotations

import pytest

from satellite.actions.requests import show_last_request
from satellite.core.site.queries import site_of
from tests.unit.satellite.factories import add_made_request, unit_of


@pytest.mark.row("S2.1")
def test_the_newest_request_of_this_epoch_says_whether_central_answered_it() -> None:
    """One of a former epoch is none; there is none before the first."""
    with unit_of() as unit:
        assert show_last_request(unit) is None
        add_made_request(unit, 9, epoch=0)
        assert show_last_request(unit) is None
        for number in (1, 2):
            add_made_request(unit, number)
        site = site_of(unit)
        site.last_seq, site.acknowledged_seq = 2, 1
        waiting = show_last_request(unit)
        site.acknowledged_seq = 2
        answered = show_last_request(unit)

        assert waiting is not None
        assert answered is not None
        assert (waiting["sequence"], waiting["answered"]) == (2, False)
        assert answered == {**waiting, "answered": True}
