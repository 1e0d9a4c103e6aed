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


class IdentityDisabledError(AppError):
    code = "identity_disabled"
    message = "Your sign-in by the provider is disabled here."
    remedy = Remedy("Ask an administrator of the vendor.", page="central-portal.md#sign-in-by-a-provider")
    status = 403


class IdentityNameTakenError(AppError):
    code = "identity_name_taken"
    message = "There is a user with your name who does not sign in by the provider."
    remedy = Remedy(
        "An administrator of the vendor links the two with `central user identity add`.",
        page="central-portal.md#sign-in-by-a-provider",
    )
    status = 403


class NoRoleMappedError(AppError):
    code = "no_role_mapped"
    message = "None of your groups has a role here."
    remedy = Remedy(
        "Ask for a group that `openid.roles` gives a role, or an administrator for a role.",
        page="central-portal.md#sign-in-by-a-provider",
    )
    status = 403


class NoProviderError(NotFoundError):
    code = "no_provider"
    message = "No sign-in provider is set."
    remedy = Remedy("Set `openid.issuer`.", page="central-portal.md#sign-in-by-a-provider")


class IdentityExistsError(RefusedError):
    code = "identity_exists"
    message = "This subject of the provider belongs to a user already."
    remedy = Remedy("List them with `central user identity list`.", page="central-portal.md#sign-in-by-a-provider")


class UnknownIdentityError(NotFoundError):
    code = "unknown_identity"
    message = "The user does not sign in by the provider."
    remedy = Remedy("List who does with `central user identity list`.", page="central-portal.md#sign-in-by-a-provider")
