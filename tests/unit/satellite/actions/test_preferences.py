"""How a person wants pages to be."""

from __future__ import annotations

import pytest

from satellite.actions.preferences import keep_preference, list_preferences
from satellite.actions.users import remove_user
from satellite.core.access.models import Preference
from satellite.core.access.rules import Role
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import add_user, signed_in, unit_of


@pytest.mark.row("S3.2", "S3.4")
def test_what_a_user_chose_is_that_users_only_and_goes_with_the_user() -> None:
    """Another user and the command see nothing of it; None goes back to what is usual; a removed user leaves nothing."""
    with unit_of() as unit:
        add_user(unit, "root", Role.ADMINISTRATOR)
        ann, bob = (add_user(unit, name, Role.READ_ONLY) for name in ("ann", "bob"))
        unit.session.flush()
        views = {"path": "/tokens", "views": [{"name": "a", "query": "q=\u0645", "default": True}]}
        unit.actor = signed_in(ann)
        keep_preference(unit, "views:tokens", views)
        keep_preference(unit, "alert-bar", True)
        keep_preference(unit, "alert-bar", None)
        unit.session.flush()
        assert list_preferences(unit) == {"views:tokens": views}
        unit.actor = signed_in(bob)
        assert list_preferences(unit) == {}
        unit.actor = OPERATOR
        keep_preference(unit, "alert-bar", True)
        assert list_preferences(unit) == {}
        remove_user(unit, "ann")
        unit.session.flush()
        assert unit.session.query(Preference).count() == 0
