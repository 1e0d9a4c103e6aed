"""Virtual accounts of a site: shown here, changed at central."""

from __future__ import annotations

import pytest

from satellite.actions.virtual_accounts import find_id, find_names, list_virtual_accounts, refuse_change
from satellite.core.accounts.errors import CentralOnlyError
from satellite.core.accounts.queries import UnknownVirtualAccountError
from tests.unit.satellite.factories import add_virtual_account, unit_of


@pytest.mark.row("S3.2")
def test_virtual_accounts_are_found_by_name_and_changed_at_central_only() -> None:
    """No choice is all of them; an unknown name is refused."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")

        assert [one.name for one in list_virtual_accounts(unit)] == ["Site", "Spare"]
        assert find_names(unit, []) == {site.id: "Site", spare.id: "Spare"}
        assert find_names(unit, ["Spare"]) == {spare.id: "Spare"}
        assert (find_id(unit, None), find_id(unit, "Site")) == (None, site.id)
        with pytest.raises(UnknownVirtualAccountError):
            find_names(unit, ["Plant"])
        with pytest.raises(CentralOnlyError):
            refuse_change(unit)
