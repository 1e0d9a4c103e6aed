"""Use cases of access tokens (row S3.4).

A satellite has no users of its own. A client shows a token's id and text as its id and secret; for the password grant,
the user name is the token's name and the password is its text.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

from satellite.core.access import queries, services
from satellite.core.access.errors import BadCredentialsError, InvalidGrantError
from satellite.core.access.models import ApiToken
from satellite.core.access.rules import SHORT_LIFE
from satellite.runtime import Satellite
from serverkit.actor import SYSTEM, Actor
from serverkit.auth.bearers import recognise
from serverkit.db.unit import Unit

EXPIRES_IN = int(SHORT_LIFE.total_seconds()) - 1


def create_api_token(unit: Unit, name: str, role: str, *, days: int, addresses: Sequence[str]) -> dict[str, Any]:
    """Create an access token; its text is shown once, here."""
    row, text = services.create_token(unit, name, role, days=days, addresses=addresses)
    return {**queries.token_dict(row, unit), "token": text}


def list_api_tokens(unit: Unit) -> list[dict[str, Any]]:
    """List the access tokens, newest first, without their texts."""
    return queries.api_tokens(unit)


def revoke_api_token(unit: Unit, token_id: str) -> dict[str, Any]:
    """Revoke an access token and all tokens that were issued for it."""
    return {"id": services.revoke_token(unit, token_id).id, "state": "revoked"}


def identify_caller(server: Satellite, text: str, address: str) -> Actor:
    """The actor of an access token that is shown from an address; BadCredentialsError."""
    return recognise(server.database, services.bearer_of, services.note_use, text, address)


def issue_access_token(server: Satellite, client: str, secret: str) -> dict[str, Any]:
    """Issue a short-lived access token; BadCredentialsError."""
    with server.database.read(SYSTEM) as unit:
        services.check_client(unit, client, secret)  # a wrong secret never takes the lock of writers
    return server.database.run(SYSTEM, lambda unit: _access(unit, services.check_client(unit, client, secret)))


def issue_tokens_for_person(server: Satellite, client: str, secret: str, name: str, password: str) -> dict[str, Any]:
    """Issue a short-lived access token and a refresh token; BadCredentialsError, InvalidGrantError."""
    with server.database.read(SYSTEM) as unit:
        row = services.check_client(unit, client, secret)
        if name != row.name or not hmac.compare_digest(password.encode(), secret.encode()):
            raise InvalidGrantError("the user name or password is not valid")
    return server.database.run(SYSTEM, lambda unit: _both(unit, services.check_client(unit, client, secret)))


def refresh_access_token(server: Satellite, client: str, secret: str, token: str) -> dict[str, Any]:
    """Issue a further access token and replace the refresh token; BadCredentialsError, InvalidGrantError."""

    def issue(unit: Unit) -> dict[str, Any]:
        row = services.check_client(unit, client, secret)
        try:
            services.redeem_refresh_token(unit, row, token)
        except BadCredentialsError as error:
            raise InvalidGrantError(error.message) from error
        return _both(unit, row)

    return server.database.run(SYSTEM, issue)


def _access(unit: Unit, row: ApiToken) -> dict[str, Any]:
    return {"access_token": services.issue_short_token(unit, row), "expires_in": EXPIRES_IN}


def _both(unit: Unit, row: ApiToken) -> dict[str, Any]:
    return {**_access(unit, row), "refresh_token": services.issue_refresh_token(unit, row)}
