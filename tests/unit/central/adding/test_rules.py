"""Which licences a device brings can be added, and what stands against the others."""

from __future__ import annotations

import pytest

from central.domain.adding.rules import Offer, judge_addition


@pytest.mark.row("C7.4")
@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ({"A": 2}, []),
        ({"A": 1, "B": 0}, []),
        ({}, ["nothing_to_add"]),
        ({"A": 0}, ["nothing_to_add"]),
        ({"A": 3}, ["too_many_to_add"]),
        ({"B": 1}, ["licence_added_already"]),
        ({"C": 1, "A": 9}, ["too_many_to_add", "product_not_entitled"]),
        ({"D": 1}, ["licence_added_elsewhere"]),
    ],
)
def test_at_most_what_is_offered_is_added_and_each_licence_once(wanted: dict[str, int], codes: list[str]) -> None:
    """Every reason is told at once."""
    verdict = judge_addition(Offer({"A": 2, "B": 5, "D": 1}, {"B"}, {"D"}), wanted)
    assert [reason.code for reason in verdict.reasons] == codes


@pytest.mark.row("C7.4", "C12.3")
def test_nothing_is_added_while_the_flag_of_the_account_is_off() -> None:
    """Whatever is wanted, the flag is the one reason."""
    verdict = judge_addition(Offer({"A": 2}, set(), on=False), {"A": 1, "C": 9})
    assert [reason.code for reason in verdict.reasons] == ["adding_off"]
