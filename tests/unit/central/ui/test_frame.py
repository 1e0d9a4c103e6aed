"""What stands around every page of central."""

from __future__ import annotations

import pytest

from central.ui.frame import WORST, bar_items


@pytest.mark.row("C10.1", "C1.4")
def test_an_alert_that_no_one_can_hide_is_in_the_bar_however_many_worse_ones_there_are() -> None:
    """Neither the most urgent of its severity nor the newest, and there all the same."""
    worse = [
        {
            "id": str(number),
            "kind": "insufficient_licences",
            "severity": "major",
            "raised_at": f"2027-01-{number + 2:02}",
        }
        for number in range(WORST + 5)
    ]
    stays = {"id": "a", "kind": "agreement_pending", "severity": "major", "raised_at": "2027-01-01"}
    shown = bar_items([*worse, stays])

    assert stays in shown
    assert len(bar_items(worse)) == WORST + 5
