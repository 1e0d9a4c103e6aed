"""Refusals about credentials."""

from __future__ import annotations

from serverkit.errors import AppError, InvalidInputError, NotFoundError


class BadCredentialsError(AppError):
    """The credentials are not valid."""

    code = "invalid_credentials"
    remedy = "Check client id, secret and token; ask the administrator for new ones."
    status = 401


class WeakPasswordError(InvalidInputError):
    """A password has 12 to 256 characters."""

    code = "weak_password"
    remedy = "Choose a longer one; a sentence is good."


class InvalidTokenLifeError(InvalidInputError):
    """An access token lasts 1 to 365 days."""

    code = "invalid_token_life"
    remedy = "Give --days from 1 to 365."


class UnknownClientError(NotFoundError):
    """There is no such API client."""

    code = "unknown_api_client"
    remedy = "List the clients with `central api-client list`."


class UnknownAccessTokenError(NotFoundError):
    """There is no such access token."""

    code = "unknown_access_token"
    remedy = "List the tokens with `central api-token list`."


class InvalidScopeError(InvalidInputError):
    """A scope is `read`, `write` or the name of a permission."""

    code = "invalid_scope"
    remedy = "Take `read`, `write`, or a permission such as `virtual_account:token:manage`."
