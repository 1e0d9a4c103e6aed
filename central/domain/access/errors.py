"""Refusals about users and roles."""

from __future__ import annotations

from serverkit.errors import ForbiddenError, InvalidInputError, NotFoundError, RefusedError, Remedy


class NotPermittedError(ForbiddenError):
    code = "forbidden"
    message = "The roles of this user do not allow it."


class UnknownUserError(NotFoundError):
    code = "unknown_user"
    message = "There is no user of this name."
    remedy = Remedy("Add the user with `central user add`.", page="operations.md#central")


class UserExistsError(RefusedError):
    code = "user_exists"
    message = "There is a user of this name already, with a password."
    remedy = Remedy("Choose another name.", page="users.md")


class UserRoleExistsError(RefusedError):
    code = "role_exists"
    message = "The user holds this role already."
    remedy = Remedy("Nothing needs to be done.", page="operations.md#central")


class RoleNotHeldError(RefusedError):
    code = "role_not_held"
    message = "The user does not hold this role."
    remedy = Remedy("List the users: `central user list` shows who holds which role.", page="operations.md#central")


class OwnRoleError(RefusedError):
    code = "own_role"
    message = "Users cannot remove their own role of vendor administrator."
    remedy = Remedy("Have another vendor administrator do it.", page="users.md")


class RoleScopeError(InvalidInputError):
    code = "role_scope"
    message = "The role needs another scope."
    remedy = Remedy(
        "Vendor roles have no scope, account roles an account, virtual account roles an account and a virtual account.",
        page="operations.md#central",
    )
