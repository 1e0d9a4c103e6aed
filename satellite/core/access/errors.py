"""Refusals about access."""

from __future__ import annotations

from serverkit.errors import AppError, ForbiddenError, InvalidInputError, NotFoundError, RefusedError, Remedy


class BadCredentialsError(AppError):
    code = "invalid_credentials"
    message = "The credentials are not valid."
    remedy = Remedy("Check the access token; ask the administrator for a new one.", page="api.md#access-tokens")
    status = 401


class InvalidGrantError(BadCredentialsError):
    message = "The user name, password or refresh token is not valid."


class NotPermittedError(ForbiddenError):
    code = "forbidden"
    message = "The role of this access token does not allow it."


class UnknownRoleError(InvalidInputError):
    code = "unknown_role"
    message = "A role is administrator, operator or read-only."
    remedy = Remedy("Choose one of these roles.", page="api.md#access-tokens")


class InvalidTokenLifeError(InvalidInputError):
    code = "invalid_token_life"
    message = "An access token is valid for 1 to 365 days."
    remedy = Remedy("Give --days from 1 to 365.", page="api.md#access-tokens")


class UnknownAccessTokenError(NotFoundError):
    code = "unknown_access_token"
    message = "There is no such access token."
    remedy = Remedy(
        "List them under *Access tokens* of your account, or with `satellite api-token list`.",
        page="api.md#access-tokens",
    )


class UnknownUserError(NotFoundError):
    code = "unknown_user"
    message = "There is no such user."
    remedy = Remedy("Open the list of users, or run `satellite user list`.", page="users.md")


class UserExistsError(RefusedError):
    code = "user_exists"
    message = "There is a user of this name already."
    remedy = Remedy(
        "Choose another name, or set a new password in the list of users or with `satellite user reset`.",
        page="users.md",
    )


class LastAdministratorError(RefusedError):
    code = "last_administrator"
    message = "No administrator would remain who can manage users."
    remedy = Remedy("Make another user an administrator first.", page="users.md")


class RoleTooHighError(RefusedError):
    code = "role_too_high"
    message = "A personal access token cannot permit more than your role does."
    remedy = Remedy("Choose your own role or a lower one.", page="users.md")
