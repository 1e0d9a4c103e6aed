"""Tokens by OAuth, for API clients and for people who sign in through one."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions import grants
from central.actions.credentials import create_api_client, revoke_api_client
from central.actions.users import give_role
from central.domain.access.models import User
from central.domain.credentials.errors import BadCredentialsError
from central.domain.credentials.models import ApiClient
from central.domain.credentials.services import bearer_of, issue_refresh_token, set_password
from serverkit.actor import OPERATOR
from tests.unit.central.factories import server_of


@pytest.mark.row("B13")
def test_a_client_gets_tokens_until_it_is_revoked_and_a_refresh_token_is_good_for_one_use(tmp_path: Path) -> None:
    """A wrong secret, an unknown client and another's refresh token get none; no token is shown in a log."""
    server = server_of(tmp_path)
    database = server.database
    with database.write(OPERATOR) as unit:
        user = give_role(unit, "ann", "vendor_support")
        client, other = create_api_client(unit, "ann"), create_api_client(unit, "ann")
        set_password(unit, unit.session.get_one(User, user["id"]), "correct horse battery")  # refresh tokens need one
        row = unit.session.get_one(ApiClient, client["id"])
        refresh = issue_refresh_token(unit, row, user["id"])
    one = (client["id"], client["client_secret"])
    two = (other["id"], other["client_secret"])
    issued = grants.issue_for_client(database, *one)
    with database.read(OPERATOR) as unit:
        assert bearer_of(unit, issued.access_token, "10.0.0.1").actor.name == "ann"
    assert issued.access_token not in repr(issued)
    for name, secret in ((client["id"], other["client_secret"]), ("0" * 32, client["client_secret"]), ("", "")):
        with pytest.raises(grants.WrongClientError):
            grants.issue_for_client(database, name, secret)
    with pytest.raises(BadCredentialsError):
        grants.refresh(database, *two, refresh)
    renewed = grants.refresh(database, *one, refresh)
    assert renewed.refresh_token not in (None, refresh)
    with pytest.raises(BadCredentialsError):
        grants.refresh(database, *one, refresh)
    with database.write(OPERATOR) as unit:
        revoke_api_client(unit, client["id"])
    with pytest.raises(grants.WrongClientError):
        grants.issue_for_client(database, *one)
    with database.read(OPERATOR) as unit, pytest.raises(BadCredentialsError):
        bearer_of(unit, issued.access_token, "10.0.0.1")
    database.dispose()
