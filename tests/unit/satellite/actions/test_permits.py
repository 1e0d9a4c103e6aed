"""What an interface of a site asks before it calls a use case."""

from __future__ import annotations

import pytest

from satellite.actions.permits import permit
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import MATRIX, Permission, Role
from tests.unit.satellite.factories import person, unit_of


@pytest.mark.row("S1.4")
def test_a_role_is_permitted_what_the_matrix_gives_it_and_nothing_else() -> None:
    """For every role and every permission."""
    for role in Role:
        with unit_of(person(role)) as unit:
            for one in Permission:
                if one in MATRIX[role]:
                    permit(unit, [one])
                else:
                    with pytest.raises(NotPermittedError):
                        permit(unit, [one])
