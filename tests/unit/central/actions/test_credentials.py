"""Access tokens and API clients."""

from __future__ import annotations

import pytest

from central.actions.credentials import (
    create_access_token,
    create_api_client,
    list_access_tokens,
    list_api_clients,
    revoke_access_token,
    revoke_api_client,
)
from central.actions.users import give_role
from central.domain.access.errors import NotPermittedError
from central.domain.credentials.errors import InvalidScopeError
from tests.unit.central.factories import NOBODY, unit_of


@pytest.mark.row("B13")
def test_a_token_and_a_client_show_their_secret_once_and_are_revoked() -> None:
    """No list shows a secret again."""
    with unit_of() as unit:
        give_role(unit, "ann", "vendor_support")
        token = create_access_token(unit, "ann", days=30, scopes=["read"])
        client = create_api_client(unit, "ann")

        assert token["token"] not in str(list_access_tokens(unit).items)
        assert client["client_secret"] not in str(list_api_clients(unit).items)
        assert revoke_access_token(unit, token["id"])["state"] == "revoked"
        assert revoke_api_client(unit, client["id"])["revoked"] is True
        with pytest.raises(InvalidScopeError):
            create_access_token(unit, "ann", days=30, scopes=["everything"])
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            create_api_client(unit, "ann")
