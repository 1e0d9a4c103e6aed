"""What the interface accepts as the order of a list is what the list can do."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from central.actions import accounts, credentials, mail, tokens, users, virtual_accounts
from serverkit.db.paging import Sorting

LISTS: dict[str, tuple[Any, Sorting]] = {
    "accounts": (accounts.AccountSort, accounts.SORTING),
    "virtual accounts": (virtual_accounts.VirtualAccountSort, virtual_accounts.SORTING),
    "users": (users.UserSort, users.SORTING),
    "registration tokens": (tokens.TokenSort, tokens.SORTING),
    "access tokens": (credentials.AccessTokenSort, credentials.TOKENS),
    "API clients": (credentials.ApiClientSort, credentials.CLIENTS),
    "mail": (mail.MailSort, mail.SORTING),
}


@pytest.mark.row("C1.1")
@pytest.mark.parametrize(("sort", "sorting"), LISTS.values(), ids=LISTS.keys())
def test_each_order_that_is_named_exists_both_ways(sort: Any, sorting: Sorting) -> None:
    """`id` and every order of the list, each forward and, with a `-`, reversed."""
    assert set(get_args(sort)) == {sign + name for sign in ("", "-") for name in ("id", *sorting.orders)}
