"""The one permission matrix (row C1.5): roles by permissions; pages, commands and documents read it from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from serverkit.actor import ActorKind


class Role(StrEnum):
    """Roles, from the vendor's to those of one virtual account."""

    VENDOR_ADMINISTRATOR = "vendor_administrator"
    VENDOR_SUPPORT = "vendor_support"
    ACCOUNT_ADMINISTRATOR = "account_administrator"
    ACCOUNT_USER = "account_user"
    VIRTUAL_ACCOUNT_ADMINISTRATOR = "virtual_account_administrator"
    VIRTUAL_ACCOUNT_USER = "virtual_account_user"


class Scope(StrEnum):
    """The scope of a role."""

    VENDOR = "vendor"
    ACCOUNT = "account"
    VIRTUAL_ACCOUNT = "virtual_account"


ROLE_SCOPES = {
    Role.VENDOR_ADMINISTRATOR: Scope.VENDOR,
    Role.VENDOR_SUPPORT: Scope.VENDOR,
    Role.ACCOUNT_ADMINISTRATOR: Scope.ACCOUNT,
    Role.ACCOUNT_USER: Scope.ACCOUNT,
    Role.VIRTUAL_ACCOUNT_ADMINISTRATOR: Scope.VIRTUAL_ACCOUNT,
    Role.VIRTUAL_ACCOUNT_USER: Scope.VIRTUAL_ACCOUNT,
}


class Permission(StrEnum):
    """Permissions, `scope:resource:action`."""

    VENDOR_MANAGE = "vendor:settings:manage"
    TRUST_MANAGE = "vendor:trust:manage"
    CATALOGUE_MANAGE = "vendor:catalogue:manage"
    ACCOUNT_CREATE = "vendor:account:create"
    USER_MANAGE = "vendor:user:manage"
    ORDER_MANAGE = "vendor:order:manage"
    LICENCE_MANAGE = "vendor:licence:manage"
    SATELLITE_APPROVE = "vendor:satellite:approve"
    RESTRICTED_RELEASE = "vendor:restricted:release"
    RESERVATION_CANCEL = "vendor:reservation:cancel"
    RESERVATION_RELEASE = "vendor:reservation:release"
    ACCOUNT_VIEW = "account:all:view"
    ACCOUNT_USER_VIEW = "account:user:view"
    ACCOUNT_USER_MANAGE = "account:user:manage"
    ACCOUNT_PROPERTY = "account:property:change"
    AGREEMENT_ACCEPT = "account:agreement:accept"
    VIRTUAL_ACCOUNT_MANAGE = "account:virtual_account:manage"
    SATELLITE_MANAGE = "account:satellite:manage"
    FLAG_MANAGE = "account:flag:manage"
    CONVERSION_MANAGE = "account:conversion:manage"
    VIRTUAL_ACCOUNT_VIEW = "virtual_account:all:view"
    VIRTUAL_ACCOUNT_EDIT = "virtual_account:general:edit"
    TOKEN_MANAGE = "virtual_account:token:manage"
    INSTANCE_MANAGE = "virtual_account:instance:manage"
    LICENCE_TRANSFER = "virtual_account:licence:transfer"
    LICENCE_TAG = "virtual_account:licence:tag"
    LICENCE_CONVERT = "virtual_account:licence:convert"
    RESERVATION_MANAGE = "virtual_account:reservation:manage"
    ALERT_MANAGE = "virtual_account:alert:manage"
    NOTICE_MANAGE = "virtual_account:notice:manage"


_P = Permission
_VIEW = frozenset({_P.VIRTUAL_ACCOUNT_VIEW})
_VA_ADMIN = _VIEW | {
    _P.VIRTUAL_ACCOUNT_EDIT,
    _P.TOKEN_MANAGE,
    _P.INSTANCE_MANAGE,
    _P.LICENCE_TRANSFER,
    _P.LICENCE_TAG,
    _P.LICENCE_CONVERT,
    _P.RESERVATION_MANAGE,
    _P.ALERT_MANAGE,
    _P.NOTICE_MANAGE,
}
_VA_USER = _VA_ADMIN - {_P.VIRTUAL_ACCOUNT_EDIT}
_SA_USER = _VA_USER | {_P.ACCOUNT_VIEW}
_SA_ADMIN = _VA_ADMIN | {
    _P.ACCOUNT_VIEW,
    _P.ACCOUNT_USER_VIEW,
    _P.ACCOUNT_USER_MANAGE,
    _P.AGREEMENT_ACCEPT,
    _P.VIRTUAL_ACCOUNT_MANAGE,
    _P.SATELLITE_MANAGE,
    _P.FLAG_MANAGE,
    _P.CONVERSION_MANAGE,
}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VENDOR_ADMINISTRATOR: frozenset(Permission) - {_P.AGREEMENT_ACCEPT},
    Role.VENDOR_SUPPORT: frozenset(
        _SA_USER
        | {
            _P.SATELLITE_MANAGE,
            _P.VIRTUAL_ACCOUNT_EDIT,
            _P.RESTRICTED_RELEASE,
            _P.RESERVATION_CANCEL,
            _P.RESERVATION_RELEASE,
            _P.ORDER_MANAGE,
            _P.ACCOUNT_USER_VIEW,
        }
    ),
    Role.ACCOUNT_ADMINISTRATOR: frozenset(_SA_ADMIN),
    Role.ACCOUNT_USER: frozenset(_SA_USER),
    Role.VIRTUAL_ACCOUNT_ADMINISTRATOR: frozenset(_VA_ADMIN),
    Role.VIRTUAL_ACCOUNT_USER: frozenset(_VA_USER),
}

# Anyone who owns the home folder administers it; jobs and machines do only what their own services let them.
TRUSTED_KINDS = frozenset({ActorKind.OPERATOR, ActorKind.SYSTEM, ActorKind.JOB, ActorKind.SATELLITE, ActorKind.DEVICE})


ALL_POOLS = "all"
"""What stands in an address for all virtual accounts, instead of the number of one."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of a user; ids of wider scopes are empty."""

    role: Role
    account_id: str
    virtual_account_id: str


def permits(held: tuple[HeldRole, ...], permission: Permission, account_id: str, virtual_account_id: str) -> bool:
    """Whether one of the roles gives the permission for this account and virtual account (empty: for all of it)."""
    return any(permission in MATRIX[one.role] and _reaches(one, account_id, virtual_account_id) for one in held)


def permits_in_part(held: tuple[HeldRole, ...], permission: Permission, account_id: str) -> bool:
    """Whether one of the roles gives the permission for some part of this account (empty: of any account)."""
    return any(
        permission in MATRIX[one.role] and (ROLE_SCOPES[one.role] is Scope.VENDOR or account_id in {"", one.account_id})
        for one in held
    )


def _reaches(held: HeldRole, account_id: str, virtual_account_id: str) -> bool:
    scope = ROLE_SCOPES[held.role]
    if scope is Scope.VENDOR:
        return True
    if held.account_id != account_id or not account_id:
        return False
    return scope is Scope.ACCOUNT or (bool(virtual_account_id) and held.virtual_account_id == virtual_account_id)


def is_in_scope(scopes: frozenset[str] | None, permission: Permission) -> bool:
    """Whether a token of these scopes may be used for a change; to see is part of every scope."""
    return scopes is None or permission in scopes or permission.value.endswith(":view")
