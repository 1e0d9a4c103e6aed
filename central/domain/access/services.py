"""Checks permissions and assigns roles. Every service that changes something asks here first."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.access.errors import (
    NotPermittedError,
    RoleNotHeldError,
    RoleScopeError,
    UnknownUserError,
    UserRoleExistsError,
)
from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import (
    MATRIX,
    ROLE_SCOPES,
    TRUSTED_KINDS,
    HeldRole,
    Permission,
    Role,
    Scope,
    is_in_scope,
    permits,
)
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.actor import Actor, ActorKind
from serverkit.auth.narrower import refuse_wider_scope
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import NameTooSimilarError, check_name, did_you_mean, kept_key, refuse_similar, similar


def held_roles(unit: Unit, user_id: str) -> tuple[HeldRole, ...]:
    """The roles of a user. A unit that only looks asks once: each part of a page asks what it may show."""
    known: dict[str, tuple[HeldRole, ...]] = {} if unit.writing else unit.session.info.setdefault("held_roles", {})
    if user_id not in known:
        rows = unit.session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == user_id))
        known[user_id] = tuple(HeldRole(Role(row.role), row.account_id, row.virtual_account_id) for row in rows)
    return known[user_id]


def require(unit: Unit, permission: Permission, account_id: str = "", virtual_account_id: str = "") -> None:
    """Refuse unless the actor holds the permission; NotPermittedError."""
    if unit.actor.kind in TRUSTED_KINDS:
        return
    if not permits(held_roles(unit, unit.actor.id), permission, account_id, virtual_account_id):
        raise NotPermittedError("{label} may not do this ({permission})", label=unit.actor.label, permission=permission)
    if unit.writing and not is_in_scope(unit.actor.scopes, permission):
        raise NotPermittedError("the access token may not do this ({permission})", permission=permission)


def require_in_scope(unit: Unit, permission: Permission, account_id: str, virtual_account_id: str) -> None:
    """Refuse like `require`, and mind the token's scope even where nothing is changed: for what shows secrets."""
    require(unit, permission, account_id, virtual_account_id)
    if not is_in_scope(unit.actor.scopes, permission):
        raise NotPermittedError("the access token may not do this ({permission})", permission=permission)


def is_permitted(unit: Unit, permission: Permission, account_id: str = "", virtual_account_id: str = "") -> bool:
    """Whether the actor holds the permission."""
    if unit.actor.kind in TRUSTED_KINDS:
        return True
    return permits(held_roles(unit, unit.actor.id), permission, account_id, virtual_account_id)


def visible_virtual_accounts(unit: Unit, account_id: str) -> frozenset[str] | None:
    """The virtual accounts that the actor may see; None for all. NotPermittedError for none."""
    if unit.actor.kind in TRUSTED_KINDS:
        return None
    held = held_roles(unit, unit.actor.id)
    if permits(held, Permission.ACCOUNT_VIEW, account_id, ""):
        return None
    own = frozenset(one.virtual_account_id for one in held if one.account_id == account_id and one.virtual_account_id)
    if not own:
        raise NotPermittedError("{label} may not see this account", label=unit.actor.label)
    return own


def add_user(
    unit: Unit, name: str, role: Role, account_id: str, virtual_account_id: str
) -> tuple[User, RoleAssignment]:
    """Give a role to a user, who is made when new (rows C1.5, C1.7). BeyondTokenError."""
    _require_users_of(unit, account_id)
    check_name("name", name)
    _check_scope(role, account_id, virtual_account_id)
    refuse_wider_scope(unit.actor, MATRIX[role])
    user = _named(unit, name)
    if user is None:
        _refuse_similar(unit, name, account_id)
        user = User(id=new_id(), name=name, name_key=kept_key(name), created_at=unit.now, of_vendor=False)
        unit.session.add(user)
        record(unit, None, EventKind.USER_ADDED, f"user {name} added", subject={"user": user.id})
    elif HeldRole(role, account_id, virtual_account_id) in held_roles(unit, user.id):
        raise UserRoleExistsError("{name} holds this role already", name=user.name)
    user.of_vendor = user.of_vendor or ROLE_SCOPES[role] is Scope.VENDOR
    given_role = RoleAssignment(
        account_id=account_id, id=new_id(), user_id=user.id, virtual_account_id=virtual_account_id, role=role
    )
    unit.session.add(given_role)
    record(
        unit,
        account_id or None,
        EventKind.ROLE_GIVEN,
        f"{user.name} was made {role.value.replace('_', ' ')}",
        subject={"user": user.id, "role": role.value},
        virtual_account_id=virtual_account_id or None,
    )
    return user, given_role


def _refuse_similar(unit: Unit, name: str, account_id: str) -> None:
    """Refuse a name that reads like that of another user, who is named to those only who may know of that user."""
    names = list(unit.session.scalars(select(User.name)))
    if not is_permitted(unit, Permission.USER_MANAGE):
        own = select(User.name).join(RoleAssignment, RoleAssignment.user_id == User.id)
        refuse_similar("the user name", name, unit.session.scalars(own.where(RoleAssignment.account_id == account_id)))
        if similar(name, names) is not None:
            raise NameTooSimilarError("the user name {value!r} reads like one that is taken", value=name)
    refuse_similar("the user name", name, names)


def vendor_names(unit: Unit) -> frozenset[str]:
    """The names of the vendor's people, also of former ones."""
    return frozenset(unit.session.scalars(select(User.name).where(User.of_vendor.is_(True))))


def is_of_vendor(unit: Unit) -> bool:
    """Whether the actor is the vendor's."""
    if unit.actor.kind in TRUSTED_KINDS:
        return True
    return any(ROLE_SCOPES[one.role] is Scope.VENDOR for one in held_roles(unit, unit.actor.id))


def user_of(unit: Unit, name: str) -> User:
    """A user by name; UnknownUserError."""
    user = _named(unit, name)
    if user is None:
        names = list(unit.session.scalars(select(User.name))) if is_permitted(unit, Permission.USER_MANAGE) else []
        raise UnknownUserError(
            "there is no user {name!r}{did_you_mean}", name=name[:255], did_you_mean=did_you_mean(name, names)
        )
    return user


def _named(unit: Unit, name: str) -> User | None:
    """The user of a name, regardless of case."""
    return unit.session.scalars(select(User).where(User.name_key == kept_key(name))).one_or_none()


def find_user(unit: Unit, name: str) -> User | None:
    """The user of a name, for signing in."""
    return _named(unit, name)


def _require_users_of(unit: Unit, account_id: str) -> None:
    """Refuse who may neither manage all users nor those of this account."""
    own = account_id and not is_permitted(unit, Permission.USER_MANAGE)
    require(unit, Permission.ACCOUNT_USER_MANAGE if own else Permission.USER_MANAGE, account_id)


def _check_scope(role: Role, account_id: str, virtual_account_id: str) -> None:
    wanted = ROLE_SCOPES[role]
    given = Scope.VIRTUAL_ACCOUNT if virtual_account_id else Scope.ACCOUNT if account_id else Scope.VENDOR
    if wanted is not given:
        raise RoleScopeError("{role} is a role for {value}s", role=role, value=wanted.value.replace("_", " "))


def remove_role(unit: Unit, name: str, role: Role, account_id: str, virtual_account_id: str) -> User:
    """Remove a role from a user, who remains (rows C1.5, C1.7); RoleNotHeldError."""
    _require_users_of(unit, account_id)
    _check_scope(role, account_id, virtual_account_id)
    user = _named(unit, name)
    query = select(RoleAssignment).where(
        RoleAssignment.account_id == account_id,
        RoleAssignment.virtual_account_id == virtual_account_id,
        RoleAssignment.role == role,
        RoleAssignment.user_id == (user.id if user is not None else ""),
    )
    held = unit.session.scalars(query).one_or_none()
    if user is None or held is None:
        if is_permitted(unit, Permission.USER_MANAGE):
            user_of(unit, name)  # only callers who may know it learn that there is no such user
        raise RoleNotHeldError("{name} does not hold this role", name=name[:255])
    _take(unit, held, user.name)
    return user


def drop_roles(unit: Unit, account_id: str, virtual_account_id: str) -> None:
    """Remove the roles for a deleted virtual account."""
    query = (
        select(RoleAssignment, User.name)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.account_id == account_id, RoleAssignment.virtual_account_id == virtual_account_id)
    )
    for held, name in unit.session.execute(query).all():
        _take(unit, held, name)


def _take(unit: Unit, held: RoleAssignment, name: str) -> None:
    unit.session.delete(held)
    unit.session.flush()  # the actor may have taken its own role away
    record(
        unit,
        held.account_id or None,
        EventKind.ROLE_TAKEN,
        f"{name} is {held.role.replace('_', ' ')} no more",
        subject={"user": held.user_id, "role": held.role},
        virtual_account_id=held.virtual_account_id or None,
    )


def actor_of(unit: Unit, name: str) -> Actor:
    """A user as an actor; UnknownUserError."""
    user = user_of(unit, name)
    return Actor(ActorKind.USER, user.id, user.name)
