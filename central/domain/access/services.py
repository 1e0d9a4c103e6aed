"""Checking permissions, and giving roles. Every service that changes something asks here first."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.access.errors import NotPermittedError, RoleScopeError, UnknownUserError, UserRoleExistsError
from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import (
    ROLE_SCOPES,
    TRUSTED_KINDS,
    HeldRole,
    Permission,
    Role,
    Scope,
    is_in_scope,
    permits,
)
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import check_name


def held_roles(unit: Unit, user_id: str) -> tuple[HeldRole, ...]:
    """The roles of a user."""
    rows = unit.session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == user_id))
    return tuple(HeldRole(Role(row.role), row.account_id, row.virtual_account_id) for row in rows)


def require(unit: Unit, permission: Permission, account_id: str = "", virtual_account_id: str = "") -> None:
    """Refuse unless the acting one holds the permission; NotPermittedError."""
    if unit.actor.kind in TRUSTED_KINDS:
        return
    if not permits(held_roles(unit, unit.actor.id), permission, account_id, virtual_account_id):
        raise NotPermittedError(f"{unit.actor.label} may not do this ({permission})")
    if unit.writing and not is_in_scope(unit.actor.scopes, permission):
        raise NotPermittedError(f"the access token may not do this ({permission})")


def require_in_scope(unit: Unit, permission: Permission, account_id: str, virtual_account_id: str) -> None:
    """Refuse like `require`, and mind the token's scope even where nothing is changed: for what shows secrets."""
    require(unit, permission, account_id, virtual_account_id)
    if not is_in_scope(unit.actor.scopes, permission):
        raise NotPermittedError(f"the access token may not do this ({permission})")


def is_permitted(unit: Unit, permission: Permission, account_id: str = "", virtual_account_id: str = "") -> bool:
    """Whether the acting one holds the permission."""
    if unit.actor.kind in TRUSTED_KINDS:
        return True
    return permits(held_roles(unit, unit.actor.id), permission, account_id, virtual_account_id)


def visible_virtual_accounts(unit: Unit, account_id: str) -> frozenset[str] | None:
    """The virtual accounts that the acting one may see; None for all. NotPermittedError for none."""
    if unit.actor.kind in TRUSTED_KINDS:
        return None
    held = held_roles(unit, unit.actor.id)
    if permits(held, Permission.ACCOUNT_VIEW, account_id, ""):
        return None
    own = frozenset(one.virtual_account_id for one in held if one.account_id == account_id and one.virtual_account_id)
    if not own:
        raise NotPermittedError(f"{unit.actor.label} may not see this account")
    return own


def add_user(
    unit: Unit, name: str, role: Role, account_id: str, virtual_account_id: str
) -> tuple[User, RoleAssignment]:
    """Give a role to a user, who is made when new (rows C1.5, C1.7)."""
    require(unit, Permission.USER_MANAGE, account_id)
    check_name("name", name)
    wanted = ROLE_SCOPES[role]
    given = Scope.VIRTUAL_ACCOUNT if virtual_account_id else Scope.ACCOUNT if account_id else Scope.VENDOR
    if wanted is not given:
        raise RoleScopeError(f"{role} is a role for {wanted.value.replace('_', ' ')}s")
    user = unit.session.scalars(select(User).where(User.name == name)).one_or_none()
    if user is None:
        user = User(id=new_id(), name=name, created_at=unit.now)
        unit.session.add(user)
        record(unit, None, EventKind.USER_ADDED, f"user {name} added", subject={"user": user.id})
    elif HeldRole(role, account_id, virtual_account_id) in held_roles(unit, user.id):
        raise UserRoleExistsError(f"{name} holds this role already")
    given_role = RoleAssignment(
        account_id=account_id, id=new_id(), user_id=user.id, virtual_account_id=virtual_account_id, role=role
    )
    unit.session.add(given_role)
    record(
        unit,
        account_id or None,
        EventKind.ROLE_GIVEN,
        f"{name} was made {role.value.replace('_', ' ')}",
        subject={"user": user.id, "role": role.value},
        virtual_account_id=virtual_account_id or None,
    )
    return user, given_role


def user_of(unit: Unit, name: str) -> User:
    """A user by name; UnknownUserError."""
    user = unit.session.scalars(select(User).where(User.name == name)).one_or_none()
    if user is None:
        raise UnknownUserError(f"there is no user {name!r}")
    return user


def actor_of(unit: Unit, name: str) -> Actor:
    """A user as an actor; UnknownUserError."""
    user = user_of(unit, name)
    return Actor(ActorKind.USER, user.id, user.name)
