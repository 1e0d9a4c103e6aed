"""What actions look up: only what the actor may see."""

from __future__ import annotations

import pytest

from central.actions.visible_accounts import chosen_names, find_account, name_account, visible_names
from central.domain.accounts.errors import UnknownAccountError, UnknownVirtualAccountError
from tests.unit.central.factories import DOMAIN, NOBODY, POOL, unit_of


@pytest.mark.row("C1.6")
def test_names_are_those_that_the_actor_may_see() -> None:
    """An unknown virtual account is refused; no choice is all of them."""
    with unit_of() as unit:
        account, chosen = find_account(unit, DOMAIN, POOL)

        assert chosen_names(unit, account.id, [POOL]) == {chosen: POOL}
        assert chosen_names(unit, account.id, None) == visible_names(unit, account.id)
        with pytest.raises(UnknownVirtualAccountError):
            chosen_names(unit, account.id, ["Spare"])
        assert name_account(unit, "customer").domain == DOMAIN
        unit.actor = NOBODY
        with pytest.raises(UnknownAccountError):
            name_account(unit, DOMAIN)
