"""Accounts as people and programs use them."""

from __future__ import annotations

import pytest

from central.actions.accounts import change_account, create_account, list_accounts, show_account
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.errors import UnknownAccountError
from tests.unit.central.factories import DOMAIN, NOBODY, unit_of


@pytest.mark.row("C1.1", "C1.8")
def test_an_account_is_created_and_changed() -> None:
    """Numbers of accounts differ; a change shows at once."""
    with unit_of() as unit:
        other = create_account(unit, "other.example", "Other", export_allowed=True)
        changed = change_account(unit, DOMAIN, name="Customer Ltd", export_allowed=True)

        assert other["number"] != changed["number"]
        assert (changed["name"], changed["export_allowed"]) == ("Customer Ltd", True)
        assert show_account(unit, DOMAIN)["name"] == "Customer Ltd"
        assert {one["domain"] for one in list_accounts(unit).items} == {DOMAIN, "other.example"}


@pytest.mark.row("C1.6")
def test_anyone_without_a_role_sees_no_account_and_creates_none() -> None:
    """To them an account that exists is as unknown as one that does not."""
    with unit_of(NOBODY) as unit:
        assert list_accounts(unit).items == []
        with pytest.raises(UnknownAccountError):
            show_account(unit, DOMAIN)
        with pytest.raises(NotPermittedError):
            create_account(unit, "other.example", "Other", export_allowed=False)
