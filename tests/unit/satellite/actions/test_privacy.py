"""What leaves a site."""

from __future__ import annotations

import pytest

from satellite.actions.privacy import change_privacy, show_privacy
from satellite.core.access.rules import MATRIX, Permission, Role
from serverkit.errors import AppError
from tests.unit.satellite.factories import person, unit_of


@pytest.mark.row("S2.3")
def test_each_field_is_sent_dropped_or_replaced_as_the_site_chooses() -> None:
    """A field that is unknown changes nothing; only those who manage the site choose."""
    with unit_of() as unit:
        before = show_privacy(unit)
        field = min(before)
        assert change_privacy(unit, {field: "drop"})[field] == "drop"
        with pytest.raises(AppError):
            change_privacy(unit, {"shoe_size": "drop"})
        assert show_privacy(unit) == {**before, field: "drop"}
    role = next(one for one in Role if Permission.SITE_MANAGE not in MATRIX[one])
    with unit_of(person(role)) as unit, pytest.raises(AppError):
        change_privacy(unit, {field: "drop"})
