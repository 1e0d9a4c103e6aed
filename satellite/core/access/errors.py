"""Refusals about access."""

from __future__ import annotations

from serverkit.errors import AppError, ForbiddenError, InvalidInputError, NotFoundError


class BadCredentialsError(AppError):
    """The credentials are not valid."""

    code = "invalid_credentials"
    remedy = "Check the access token; ask the administrator for a new one."
    status = 401


class InvalidGrantError(BadCredentialsError):
    """The client is known, but the name, password or refresh token that it sends is not valid."""


class NotPermittedError(ForbiddenError):
    """The role of this access token does not allow it."""

    code = "forbidden"


class UnknownRoleError(InvalidInputError):
    """A role is administrator, operator or read-only."""

    code = "unknown_role"
    remedy = "Choose one of these roles."


class InvalidTokenLifeError(InvalidInputError):
    """An access token lasts 1 to 365 days."""

    code = "invalid_token_life"
    remedy = "Give --days from 1 to 365."


class UnknownAccessTokenError(NotFoundError):
    """There is no such access token."""

    code = "unknown_access_token"
    remedy = "List the tokens with `satellite api-token list`."
