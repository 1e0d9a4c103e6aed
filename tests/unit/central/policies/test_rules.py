"""Policies: what each may be, and their order."""

from __future__ import annotations

import pytest

from central.domain.policies.rules import POLICIES, InvalidPolicyError, check_order, read_policy


@pytest.mark.row("C1.4", "C10.3")
def test_a_policy_is_read_within_its_bounds_and_named_where_it_is_not() -> None:
    """Numbers are plain digits; words are those of the list; the message says what is allowed."""
    assert read_policy("grant_days", "90") == 90
    assert read_policy("satellite_authorization", "approval") == "approval"
    for key, text in (
        ("grant_days", "366"),
        ("grant_days", "+9"),
        ("grant_days", "٣"),
        ("satellite_authorization", ""),
    ):
        with pytest.raises(InvalidPolicyError, match=key):
            read_policy(key, text)
    with pytest.raises(InvalidPolicyError, match="no policy"):
        read_policy("unheard_of", "1")


@pytest.mark.row("C10.3")
def test_reminder_overdue_and_removal_follow_one_another() -> None:
    """The defaults do; two on one day do not."""
    values = {key: spec.default for key, spec in POLICIES.items()}
    check_order(values)
    with pytest.raises(InvalidPolicyError):
        check_order({**values, "sync_overdue_days": values["sync_removal_days"]})
