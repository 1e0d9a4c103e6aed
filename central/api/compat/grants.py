"""Access tokens for existing clients: client credentials, and a person's name and password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.credentials.errors import BadCredentialsError
from central.domain.credentials.models import ApiClient
from central.domain.credentials.rules import CLIENT_TOKEN_LIFE
from central.domain.credentials.services import (
    check_client,
    check_password,
    issue_client_token,
    issue_refresh_token,
    redeem_refresh_token,
)
from central.runtime import Central
from serverkit.actor import SYSTEM
from serverkit.db.unit import Unit
from serverkit.http.oauth import BadGrantError, UnknownClientError

# One less than the token's life, so that no client calls it valid a moment too long.
EXPIRES_IN = int(CLIENT_TOKEN_LIFE.total_seconds()) - 1


def _client(unit: Unit, client: str, secret: str) -> ApiClient:
    try:
        return check_client(unit, client, secret)
    except BadCredentialsError as error:
        raise UnknownClientError from error


class CentralGrants:
    """Gives tokens of one central."""

    def __init__(self, server: Central) -> None:
        """Serve one central."""
        self._database = server.database

    def for_client(self, client: str, secret: str) -> Mapping[str, Any]:
        """A token that acts as the client's own user."""

        def give(unit: Unit) -> dict[str, Any]:
            row = _client(unit, client, secret)
            return {"access_token": issue_client_token(unit, row), "expires_in": EXPIRES_IN}

        with self._database.read(SYSTEM) as unit:
            _client(unit, client, secret)  # a wrong secret never takes the lock of writers
        return self._database.run(SYSTEM, give)

    def for_person(self, client: str, secret: str, name: str, password: str) -> Mapping[str, Any]:
        """A token that acts as a person; the slow check of the password holds no lock."""
        with self._database.read(SYSTEM) as unit:
            _client(unit, client, secret)
            try:
                user_id = check_password(unit, name, password).id
            except BadCredentialsError as error:
                raise BadGrantError(error.message) from error
        return self._database.run(SYSTEM, lambda unit: _give(unit, _client(unit, client, secret), user_id))

    def for_refresh(self, client: str, secret: str, token: str) -> Mapping[str, Any]:
        """A further token for a person's program; the refresh token is replaced."""

        def give(unit: Unit) -> dict[str, Any]:
            row = _client(unit, client, secret)
            try:
                user_id = redeem_refresh_token(unit, row, token)
            except BadCredentialsError as error:
                raise BadGrantError(error.message) from error
            return _give(unit, row, user_id)

        return self._database.run(SYSTEM, give)


def _give(unit: Unit, client: ApiClient, user_id: str) -> dict[str, Any]:
    return {
        "access_token": issue_client_token(unit, client, user_id),
        "expires_in": EXPIRES_IN,
        "refresh_token": issue_refresh_token(unit, client, user_id),
    }
