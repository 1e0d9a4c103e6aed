"""Detached mode: what stands against it, and how long a term is (row C7.8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.compliance import LotView, Use
from exchange.device.detaching import Asked, DetachBody, covered_until, end_of_term, is_covered, why_not_detached
from exchange.device.licence_bodies import AuthorizeBody, EntitlementAnswer
from exchange.errors import MalformedError
from exchange.vocabulary import ClaimState, LicenceType

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAY = timedelta(days=1)


def lot(quantity: int, days: int | None) -> LotView:
    """Units that end in so many days, or never."""
    kind = LicenceType.PERPETUAL if days is None else LicenceType.TERM
    return LotView("", kind, quantity, None, None if days is None else NOW + days * DAY)


@pytest.mark.row("C7.8")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked(30, 30, active=True, reserved=False, clone=False), None),
        (Asked(1, 0, active=True, reserved=False, clone=False), "detach_not_allowed"),
        (Asked(31, 30, active=True, reserved=False, clone=False), "term_too_long"),
        (Asked(30, 30, active=False, reserved=False, clone=False), "not_active_unit"),
        (Asked(30, 30, active=True, reserved=True, clone=False), "reserved"),
        (Asked(30, 30, active=True, reserved=False, clone=True), "clone_undecided"),
    ],
)
def test_each_reason_against_detaching_has_its_code(asked: Asked, code: str | None) -> None:
    """The policy, a standby, a reservation and an undecided clone each refuse; nothing else does."""
    assert why_not_detached(asked) == code


@pytest.mark.row("C7.8")
def test_a_term_ends_with_the_first_of_what_it_rests_on() -> None:
    """The days that were asked for, unless something ends before; what has no end bounds nothing."""
    assert end_of_term(NOW, 30, [None, NOW + 40 * DAY]) == NOW + 30 * DAY
    assert end_of_term(NOW, 30, [NOW + 20 * DAY, None, NOW + 7 * DAY]) == NOW + 7 * DAY


@pytest.mark.row("C7.8")
def test_use_is_covered_until_the_term_without_which_units_are_missing() -> None:
    """A lot that ends matters only if the others do not cover the use."""
    lots = [lot(2, 10), lot(2, 20), lot(1, None)]

    assert [covered_until(lots, Use(direct=count), NOW) for count in (1, 3, 4)] == [
        None,
        NOW + 20 * DAY,
        NOW + 10 * DAY,
    ]


@pytest.mark.row("C7.8")
@pytest.mark.parametrize("state", [state for state in ClaimState if state is not ClaimState.AUTHORIZED])
def test_what_is_not_authorized_cannot_be_taken_away(state: ClaimState) -> None:
    """One licence that is not authorized is enough."""
    fine = EntitlementAnswer("A", 1, ClaimState.AUTHORIZED, None)

    assert is_covered([fine])
    assert not is_covered([fine, EntitlementAnswer("B", 1, state, None)])


@pytest.mark.row("C7.8")
@pytest.mark.parametrize("days", [0, -1, 366, 2**60, True, 1.5, "7", None])
def test_days_that_are_no_days_are_malformed(days: object) -> None:
    """Another program than the agent may send anything."""
    with pytest.raises(MalformedError):
        DetachBody.from_dict({"days": days, "use": AuthorizeBody((), (), None, None).to_dict()})
