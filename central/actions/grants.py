"""Use cases of OAuth: access tokens for API clients, and for people who sign in through one."""

from __future__ import annotations

from dataclasses import dataclass

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
from serverkit.actor import SYSTEM
from serverkit.db.unit import Database, Unit

# One second less than the token's life, so that no client takes it for valid a moment too long.
EXPIRES_IN = int(CLIENT_TOKEN_LIFE.total_seconds()) - 1


class WrongClientError(Exception):
    """The client id or secret is not valid; the edge answers in the words of its protocol."""


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """What a client gets: an access token, and a refresh token where a person signed in."""

    access_token: str
    refresh_token: str | None = None

    def __repr__(self) -> str:
        """Never show a token."""
        return "IssuedTokens()"


def issue_for_client(database: Database, client: str, secret: str) -> IssuedTokens:
    """Issue a token that acts as the client's own user; WrongClientError."""
    with database.read(SYSTEM) as unit:
        _client(unit, client, secret)  # a wrong secret never takes the lock of writers
    return database.run(SYSTEM, lambda unit: IssuedTokens(issue_client_token(unit, _client(unit, client, secret))))


def issue_for_person(database: Database, client: str, secret: str, name: str, password: str) -> IssuedTokens:
    """Issue tokens that act as a person; the slow check of the password holds no lock.

    WrongClientError, BadCredentialsError for the person.
    """
    with database.read(SYSTEM) as unit:
        _client(unit, client, secret)
        user_id = check_password(unit, name, password).id
    return database.run(SYSTEM, lambda unit: _issue(unit, _client(unit, client, secret), user_id))


def refresh(database: Database, client: str, secret: str, token: str) -> IssuedTokens:
    """Issue further tokens for a person; the refresh token is replaced. WrongClientError, BadCredentialsError."""

    def work(unit: Unit) -> IssuedTokens:
        row = _client(unit, client, secret)
        return _issue(unit, row, redeem_refresh_token(unit, row, token))

    return database.run(SYSTEM, work)


def _client(unit: Unit, client: str, secret: str) -> ApiClient:
    try:
        return check_client(unit, client, secret)
    except BadCredentialsError as error:
        raise WrongClientError from error


def _issue(unit: Unit, client: ApiClient, user_id: str) -> IssuedTokens:
    return IssuedTokens(issue_client_token(unit, client, user_id), issue_refresh_token(unit, client, user_id))
