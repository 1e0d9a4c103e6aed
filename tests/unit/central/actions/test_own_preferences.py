"""How a person wants pages to be."""

from __future__ import annotations

import pytest

from central.actions.own_preferences import keep_preference, list_preferences
from central.actions.users import give_role
from central.domain.access.services import actor_of
from serverkit.actor import OPERATOR
from tests.unit.central.factories import unit_of


@pytest.mark.row("C1.6")
def test_what_a_user_chose_is_that_users_only() -> None:
    """Another user and the command see nothing of it; None goes back to what is usual."""
    with unit_of() as unit:
        for name in ("ann", "bob"):
            give_role(unit, name, "vendor_support")
        unit.session.flush()
        ann, bob = actor_of(unit, "ann"), actor_of(unit, "bob")
        unit.actor = ann
        keep_preference(unit, "views:tokens", {"views": []})
        keep_preference(unit, "alert-bar", True)
        keep_preference(unit, "alert-bar", None)
        unit.session.flush()
        assert list_preferences(unit) == {"views:tokens": {"views": []}}
        for other in (bob, OPERATOR):
            unit.actor = other
            keep_preference(unit, "alert-bar", None)
            assert list_preferences(unit) == {}
