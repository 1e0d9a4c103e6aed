"""Scopes of access tokens."""

from __future__ import annotations

import pytest

from central.domain.access.rules import Permission
from central.domain.credentials.errors import InvalidScopeError
from central.domain.credentials.rules import READ, WRITE, limits_of, scope_text


@pytest.mark.row("B13")
def test_scopes_have_one_order_and_an_unknown_one_is_refused() -> None:
    """Twice the same scope is one; no scope is to read."""
    assert scope_text([WRITE, READ, WRITE]) == "read write"
    assert scope_text([]) == READ
    with pytest.raises(InvalidScopeError, match="everything"):
        scope_text([READ, "everything"])


@pytest.mark.row("B13")
def test_a_scope_narrows_a_token_unless_it_is_write() -> None:
    """To read is no permission of its own; `write` leaves the limit to the user's roles."""
    assert limits_of(scope_text([WRITE])) is None
    assert limits_of(scope_text([READ])) == frozenset()
    assert limits_of(scope_text([Permission.TOKEN_MANAGE.value])) == {Permission.TOKEN_MANAGE.value}
