"""What a transfer and a removal of a product instance do, said before they are done."""

from __future__ import annotations

import pytest

from exchange.identity import Udi
from satellite.core.instances.rules import judge_removal, judge_transfer, standby_rows


@pytest.mark.row("S3.2")
def test_an_instance_that_holds_restricted_units_is_not_removed() -> None:
    """The reason names the units; without them it is said what comes free."""
    held = judge_removal("router-1", {"ADVANTAGE": 2}, [("STRONG", 1)])
    free = judge_removal("router-1", {"ADVANTAGE": 2}, [])

    assert [reason.code for reason in held.reasons] == ["restricted_licences_held"]
    assert "1 of STRONG" in held.reasons[0].message
    assert free.reasons == ()
    assert "2 of ADVANTAGE" in free.effects[0]


@pytest.mark.row("S3.2")
def test_a_transfer_within_one_virtual_account_changes_nothing() -> None:
    """It is no refusal; between two, what the instance uses goes with it."""
    same = judge_transfer("router-1", "Site", "Site", {"ADVANTAGE": 2})
    other = judge_transfer("router-1", "Site", "Spare", {"ADVANTAGE": 2})

    assert same.effects == ()
    assert same.warnings
    assert "2 of ADVANTAGE" in other.effects[0]


@pytest.mark.row("C7.6")
def test_standbys_are_found_by_their_own_identity() -> None:
    """One row for each unit that stands by, under the instance's id."""
    units = [Udi(pid="SW-48", serial="B"), Udi(pid="SW-48", serial="C")]

    assert standby_rows("i", units) == [
        {"instance_id": "i", "udi_key": "sw-48|b|"},
        {"instance_id": "i", "udi_key": "sw-48|c|"},
    ]
