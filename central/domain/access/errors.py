"""Refusals about users and roles."""

from __future__ import annotations

from serverkit.errors import ForbiddenError, InvalidInputError, NotFoundError, RefusedError


class NotPermittedError(ForbiddenError):
    """The roles of this user do not allow it."""

    code = "forbidden"


class UnknownUserError(NotFoundError):
    """There is no user of this name."""

    code = "unknown_user"
    remedy = "Add the user with `central user add`."


class UserRoleExistsError(RefusedError):
    """The user holds this role already."""

    code = "role_exists"
    remedy = "Nothing needs to be done."


class RoleNotHeldError(RefusedError):
    """The user does not hold this role."""

    code = "role_not_held"
    remedy = "Look at the list of users; it shows who holds which role for what."


class RoleScopeError(InvalidInputError):
    """The role needs an account or virtual account, or takes none."""

    code = "role_scope"
    remedy = "Vendor roles take none, account roles an account, virtual account roles both."
