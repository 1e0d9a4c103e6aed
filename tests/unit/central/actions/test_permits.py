"""What an interface asks before it calls a use case."""

from __future__ import annotations

import pytest

from central.actions.permits import permit, permit_at
from central.domain.access.errors import NotPermittedError
from central.domain.access.rules import Permission
from central.domain.accounts.errors import UnknownAccountError
from serverkit.actor import OPERATOR
from tests.unit.central.factories import DOMAIN, NOBODY, unit_of


@pytest.mark.row("C1.6", "B13")
def test_anyone_without_a_role_is_refused_before_a_use_case_is_called() -> None:
    """The owner of the home is not; an account is as unknown to a stranger as one that does not exist."""
    with unit_of() as unit:
        permit(unit, [Permission.VENDOR_MANAGE], "", changes=True)
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            permit(unit, [Permission.VENDOR_MANAGE], "", changes=False)
        with pytest.raises(UnknownAccountError):
            permit_at(unit, [Permission.TOKEN_MANAGE], DOMAIN, changes=True)
        unit.actor = OPERATOR
        permit_at(unit, [Permission.TOKEN_MANAGE], DOMAIN, changes=True)
