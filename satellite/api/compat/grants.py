"""Access tokens for existing clients: a token's id and text stand in the places of a client's id and secret.

A satellite has no users of its own: for the password grant the user name is the token's name, the password its text.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from satellite.core.access.errors import BadCredentialsError
from satellite.core.access.models import ApiToken
from satellite.core.access.rules import SHORT_LIFE
from satellite.core.access.services import (
    check_client,
    issue_refresh_token,
    issue_short_token,
    redeem_refresh_token,
)
from satellite.runtime import Satellite
from serverkit.actor import SYSTEM
from serverkit.db.unit import Unit
from serverkit.http.oauth import BadGrantError, UnknownClientError

EXPIRES_IN = int(SHORT_LIFE.total_seconds()) - 1


def _client(unit: Unit, client: str, secret: str) -> ApiToken:
    try:
        return check_client(unit, client, secret)
    except BadCredentialsError as error:
        raise UnknownClientError from error


class SatelliteGrants:
    """Gives tokens of one satellite."""

    def __init__(self, server: Satellite) -> None:
        """Serve one satellite."""
        self._database = server.database

    def for_client(self, client: str, secret: str) -> Mapping[str, Any]:
        """A short-lived token."""

        def give(unit: Unit) -> dict[str, Any]:
            return {"access_token": issue_short_token(unit, _client(unit, client, secret)), "expires_in": EXPIRES_IN}

        with self._database.read(SYSTEM) as unit:
            _client(unit, client, secret)  # a wrong secret never takes the lock of writers
        return self._database.run(SYSTEM, give)

    def for_person(self, client: str, secret: str, name: str, password: str) -> Mapping[str, Any]:
        """A short-lived token with a refresh token."""
        with self._database.read(SYSTEM) as unit:
            row = _client(unit, client, secret)
            if name != row.name or not hmac.compare_digest(password.encode(), secret.encode()):
                raise BadGrantError("the user name or password is not valid")
        return self._database.run(SYSTEM, lambda unit: _give(unit, _client(unit, client, secret)))

    def for_refresh(self, client: str, secret: str, token: str) -> Mapping[str, Any]:
        """A further token; the refresh token is replaced."""

        def give(unit: Unit) -> dict[str, Any]:
            row = _client(unit, client, secret)
            try:
                redeem_refresh_token(unit, row, token)
            except BadCredentialsError as error:
                raise BadGrantError(error.message) from error
            return _give(unit, row)

        return self._database.run(SYSTEM, give)


def _give(unit: Unit, row: ApiToken) -> dict[str, Any]:
    return {
        "access_token": issue_short_token(unit, row),
        "expires_in": EXPIRES_IN,
        "refresh_token": issue_refresh_token(unit, row),
    }
