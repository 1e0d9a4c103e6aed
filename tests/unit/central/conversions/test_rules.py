"""The rule of conversions: what a choice does, and what a run by the settings chooses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.conversions.errors import ContractMissingError, OnlyWholeError
from central.domain.conversions.rules import Check, Held, Holder, SourceKind, best_choice, plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADV = Held("ADV", 5, "Routing", "ADVANTAGE", contract_needed=True, contract="C-1", divisible=True)
ESS = Held("ESS", 2, "Switching", "ESSENTIALS")
BARE = replace(ADV, sku="BARE", contract=None)
OLD, OVER = Held("OLD", 9), Held("OVER", 4, tag="ESSENTIALS", end=NOW)


def holder(kind: SourceKind, *held: Held, partial: bool = True) -> Holder:
    """A PAK or device that holds these."""
    return Holder(kind, "P-1", partial, held)


@pytest.mark.row("C9.2")
def test_a_pak_as_a_whole_goes_with_all_that_is_eligible() -> None:
    """What is not eligible, or over, hinders nothing; one SKU without a contract stops all of it."""
    whole = holder(SourceKind.PAK, ADV, ESS, OLD, OVER, partial=False)
    found = plan(whole, None, NOW)
    assert ([line.held.sku for line in found.chosen], found.quantity, found.refused) == (["ADV", "ESS"], 7, [])
    assert [type(one) for one in plan(whole, {"ADV": 5}, NOW).refused] == [OnlyWholeError]
    stopped = plan(holder(SourceKind.PAK, ESS, BARE, partial=False), None, NOW)
    assert [type(one) for one in stopped.refused] == [ContractMissingError]


@pytest.mark.row("C9.3")
def test_on_a_device_each_sku_is_by_itself() -> None:
    """Any may stay; a part is possible where the SKU is divisible."""
    device = holder(SourceKind.DEVICE, ADV, ESS, partial=False)
    assert plan(device, {"ADV": 1}, NOW).quantity == 1
    assert [type(one) for one in plan(device, {"ESS": 1}, NOW).refused] == [OnlyWholeError]
    assert (ADV.check, BARE.check, ESS.check) == (Check.PASSED, Check.FAILED, Check.NOT_NEEDED)


@pytest.mark.row("C9.4")
def test_a_run_by_the_settings_chooses_what_passes_and_says_what_does_not() -> None:
    """Of the chosen families; a PAK as a whole goes whole or not at all."""
    parts = holder(SourceKind.PAK, ADV, ESS, BARE, OLD)
    chosen, failed = best_choice(parts, [], NOW)
    assert (chosen, [type(one) for one in failed]) == ({"ADV": 5, "ESS": 2}, [ContractMissingError])
    assert best_choice(parts, ["Switching"], NOW) == ({"ESS": 2}, [])
    whole = replace(parts, partial=False)
    assert (best_choice(whole, [], NOW)[0], best_choice(whole, ["Switching"], NOW)) == ({}, ({}, []))


HELD = st.builds(
    Held,
    sku=st.sampled_from("ABCD"),
    left=st.integers(1, 9),
    tag=st.sampled_from(["", "T"]),
    end=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
    contract_needed=st.booleans(),
    contract=st.sampled_from([None, "C-1"]),
    divisible=st.booleans(),
)


@pytest.mark.row("C9.2", "C9.3")
@given(
    kind=st.sampled_from(SourceKind),
    held=st.lists(HELD, max_size=4, unique_by=lambda one: one.sku),
    partial=st.booleans(),
    wanted=st.one_of(st.none(), st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 10))),
)
def test_no_plan_converts_more_than_there_is(
    kind: SourceKind, held: list[Held], partial: bool, wanted: dict[str, int] | None
) -> None:
    """What a plan without a refusal converts is exactly what was chosen, at most what is left, of what may go."""
    one = Holder(kind, "P-1", partial, held)
    found = plan(one, wanted, NOW)
    if not found.refused:
        assert found.chosen
        assert all(0 < line.quantity <= line.held.left for line in found.chosen)
        assert all(line.held.refusal(NOW) is None for line in found.chosen)
        assert wanted is None or found.quantity == sum(wanted.values())
    chosen, _failed = best_choice(one, [], NOW)
    assert not chosen or plan(one, chosen, NOW).refused == []
