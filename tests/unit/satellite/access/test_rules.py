"""The permission matrix of a satellite."""

from __future__ import annotations

import pytest

from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import MATRIX, Permission, Role
from satellite.core.access.services import require_actor
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import person


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(role: Role, permission: Permission) -> None:
    """Each permission is granted or refused as the matrix says."""
    if permission in MATRIX[role]:
        require_actor(person(role), permission)
    else:
        with pytest.raises(NotPermittedError):
            require_actor(person(role), permission)


@pytest.mark.row("S3.4")
def test_only_an_administrator_manages_the_site_and_its_access() -> None:
    """Operators run the site but do not change who may do so; readers change nothing."""
    assert MATRIX[Role.ADMINISTRATOR] == set(Permission)
    assert not MATRIX[Role.OPERATOR] & {Permission.SITE_MANAGE, Permission.ACCESS_MANAGE, Permission.JOB_RUN}
    assert not MATRIX[Role.READ_ONLY]
    for permission in Permission:
        require_actor(OPERATOR, permission)
