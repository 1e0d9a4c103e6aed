"""Policies as the vendor sets them."""

from __future__ import annotations

import pytest

from central.actions.policies import allowed_values, set_policy, show_policies
from central.domain.access.errors import NotPermittedError
from central.domain.policies.rules import InvalidPolicyError
from tests.unit.central.factories import NOBODY, unit_of


@pytest.mark.row("C1.4", "C10.3")
def test_a_policy_is_set_within_its_bounds_and_in_order() -> None:
    """A refused value leaves the one that stands."""
    with unit_of() as unit:
        assert set_policy(unit, "grant_days", "90")["grant_days"] == 90
        for key, value in (("grant_days", "0"), ("sync_overdue_days", "90"), ("agreement_version", "0")):
            with pytest.raises(InvalidPolicyError):
                set_policy(unit, key, value)
        assert show_policies(unit)["grant_days"] == 90
        assert allowed_values("grant_days") == "1 to 365"


@pytest.mark.row("C1.6")
def test_only_the_vendor_sets_policies() -> None:
    """Nothing changes for anyone else."""
    with unit_of(NOBODY) as unit:
        with pytest.raises(NotPermittedError):
            set_policy(unit, "grant_days", "90")
        assert show_policies(unit)["grant_days"] == 365
