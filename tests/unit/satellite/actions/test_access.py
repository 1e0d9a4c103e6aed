"""Access tokens of a site."""

from __future__ import annotations

import pytest

from satellite.actions.access import create_api_token, list_api_tokens, revoke_api_token
from satellite.core.access.rules import Role
from serverkit.errors import AppError
from tests.unit.satellite.factories import unit_of


@pytest.mark.row("S3.4")
def test_an_access_token_shows_its_text_once_and_is_revoked() -> None:
    """An unknown role makes none."""
    with unit_of() as unit:
        made = create_api_token(unit, "script", next(iter(Role)).value, days=30, addresses=[])
        with pytest.raises(AppError):
            create_api_token(unit, "script", "emperor", days=30, addresses=[])

        assert made["token"] not in str(list_api_tokens(unit))
        assert [one["id"] for one in list_api_tokens(unit)] == [made["id"]]
        assert revoke_api_token(unit, made["id"])["state"] == "revoked"
