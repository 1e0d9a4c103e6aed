"""Refusals about credentials."""

from __future__ import annotations

from serverkit.errors import AppError, InvalidInputError, NotFoundError, RefusedError, Remedy


class BadCredentialsError(AppError):
    code = "invalid_credentials"
    message = "The credentials are not valid."
    remedy = Remedy(
        "Check client id, secret and token; ask the administrator for new ones.", page="api.md#access-tokens"
    )
    status = 401


class InvalidTokenLifeError(InvalidInputError):
    code = "invalid_token_life"
    message = "An access token is valid for 1 to 365 days."
    remedy = Remedy("Give --days from 1 to 365.", page="api.md#access-tokens")


class UnknownClientError(NotFoundError):
    code = "unknown_api_client"
    message = "There is no such API client."
    remedy = Remedy("List the clients with `central api-client list`.", page="api.md#access-tokens")


class UnknownAccessTokenError(NotFoundError):
    code = "unknown_access_token"
    message = "There is no such access token."
    remedy = Remedy("List the tokens with `central api-token list`.", page="api.md#access-tokens")


class InvalidScopeError(InvalidInputError):
    code = "invalid_scope"
    message = "A scope is `read`, `write` or the name of a permission."
    remedy = Remedy(
        "Use `read`, `write`, or a permission such as `virtual_account:token:manage`.", page="api.md#access-tokens"
    )


class FirstPasswordError(RefusedError):
    code = "first_password_refused"
    message = "An account gives a first password only to a user of this account alone who has none yet."
    remedy = Remedy(
        "Have the vendor set the password, or the user change an existing one under *Your account*.",
        page="central-portal.md#users",
    )
