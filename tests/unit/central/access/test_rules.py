"""Who may do what: the one matrix, and how far a role reaches."""

from __future__ import annotations

import pytest

from central.domain.access.rules import (
    MATRIX,
    ROLE_SCOPES,
    HeldRole,
    Permission,
    Role,
    Scope,
    is_in_scope,
    permits,
    permits_in_part,
)

HERE, THERE = "a" * 32, "b" * 32
POOL, OTHER_POOL = "1" * 32, "2" * 32


@pytest.mark.row("C1.6")
def test_a_role_reaches_its_own_scope_and_nothing_beside_it() -> None:
    """A role of a virtual account says nothing of another one or of the account; the vendor's reaches everything."""
    of_pool = (HeldRole(Role.VIRTUAL_ACCOUNT_USER, HERE, POOL),)
    of_account = (HeldRole(Role.ACCOUNT_USER, HERE, ""),)
    of_vendor = (HeldRole(Role.VENDOR_SUPPORT, "", ""),)
    see = Permission.VIRTUAL_ACCOUNT_VIEW

    assert [
        permits(of_pool, see, *where) for where in ((HERE, POOL), (HERE, OTHER_POOL), (HERE, ""), (THERE, POOL))
    ] == [
        True,
        False,
        False,
        False,
    ]
    assert [permits(of_account, see, *where) for where in ((HERE, OTHER_POOL), (HERE, ""), (THERE, ""))] == [
        True,
        True,
        False,
    ]
    assert permits(of_vendor, see, THERE, OTHER_POOL)
    assert permits_in_part(of_pool, see, HERE)
    assert not permits_in_part(of_pool, see, THERE)


@pytest.mark.row("C1.6")
def test_what_belongs_to_the_vendor_is_given_to_no_customer() -> None:
    """No role of an account holds a permission of the vendor, and only customers accept the agreement."""
    for role, scope in ROLE_SCOPES.items():
        vendors = {one for one in MATRIX[role] if one.value.startswith("vendor:")}
        assert not vendors or scope is Scope.VENDOR, role
    accepting = {role for role, given in MATRIX.items() if Permission.AGREEMENT_ACCEPT in given}
    assert accepting == {Role.ACCOUNT_ADMINISTRATOR}


@pytest.mark.row("B13")
def test_a_token_sees_with_every_scope_and_changes_only_what_its_scopes_name() -> None:
    """No scopes are no limit; an empty list limits to seeing."""
    assert is_in_scope(None, Permission.TOKEN_MANAGE)
    assert is_in_scope(frozenset(), Permission.ACCOUNT_VIEW)
    assert not is_in_scope(frozenset(), Permission.TOKEN_MANAGE)
    assert is_in_scope(frozenset({Permission.TOKEN_MANAGE}), Permission.TOKEN_MANAGE)
