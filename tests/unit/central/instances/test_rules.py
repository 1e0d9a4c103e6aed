"""What stands against the removal of an instance, and what can be released without it."""

from __future__ import annotations

import pytest

from central.domain.accounts.errors import SatelliteVirtualAccountError
from central.domain.instances.rules import Possession, judge_release, judge_removal

TITLES = {"A": "Advantage", "S": "Strong encryption"}


@pytest.mark.row("C7.3")
def test_restricted_licences_stop_a_removal_and_the_refusal_names_what_can_be_released() -> None:
    """Without others nothing can be released; without restricted ones the instance goes and its licences come free."""
    both = Possession("core-1", claimed={"A": 2}, held={"S": 1})
    [reason] = judge_removal(both, TITLES).reasons
    assert reason.code == "restricted_licences_held"
    assert "1 of Strong encryption. Without them can be released: 2 of Advantage" in reason.message
    assert judge_release(both, TITLES).effects == ("core-1 stays; 2 of Advantage free again",)

    held = Possession("core-1", held={"S": 1})
    assert "can be released: nothing" in judge_removal(held, TITLES).reasons[0].message
    assert [one.code for one in judge_release(held, TITLES).reasons] == ["nothing_to_release"]

    free = judge_removal(Possession("core-1", claimed={"A": 2}), TITLES)
    assert free.allowed
    assert free.effects == ("core-1 is removed; 2 of Advantage free again; it must register again",)


@pytest.mark.row("C1.3")
def test_what_a_satellite_manages_is_neither_removed_nor_released_here() -> None:
    """Its refusal comes before all others."""
    one = Possession("core-1", claimed={"A": 2}, held={"S": 1}, managed=SatelliteVirtualAccountError())
    for verdict in (judge_removal(one, TITLES), judge_release(one, TITLES)):
        assert [reason.code for reason in verdict.reasons] == ["managed_by_satellite"]
