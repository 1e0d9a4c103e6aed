"""Users as a sign-in provider knows them: matched by issuer and subject, with the roles that their groups give."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from central.domain.access.models import User
from central.domain.access.rules import HeldRole, Permission, Role
from central.domain.access.services import add_user, find_user, held_roles, remove_role, require, user_of
from central.domain.credentials.errors import (
    IdentityDisabledError,
    IdentityExistsError,
    IdentityNameTakenError,
    UnknownIdentityError,
)
from central.domain.credentials.models import USER_TABLES, ExternalIdentity, UsedState
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit
from serverkit.openid.errors import SignInStateError
from serverkit.openid.flow import LIFE
from serverkit.secrets_box import hash_secret
from serverkit.users import sessions
from serverkit.users.tables import Person


def use_state(unit: Unit, state: str) -> None:
    """Use a sign-in that came back up; SignInStateError for one that was used before."""
    unit.session.execute(delete(UsedState).where(UsedState.used_at < unit.now - LIFE - timedelta(minutes=1)))
    key = hash_secret(state)
    if unit.session.get(UsedState, key) is not None:
        raise SignInStateError
    unit.session.add(UsedState(hash=key, used_at=unit.now))
    unit.session.flush()


def person_of_identity(unit: Unit, issuer: str, subject: str) -> Person | None:
    """The user of an identity; IdentityDisabledError."""
    row = unit.session.get(ExternalIdentity, (issuer, subject))
    if row is None:
        return None
    if row.disabled:
        raise IdentityDisabledError
    user = unit.session.get_one(User, row.user_id)
    return Person(user.id, user.name)


def admit(unit: Unit, issuer: str, subject: str, name: str, wanted: Collection[HeldRole]) -> Person | None:
    """The user of an identity with the roles that its groups give now, made when new; None for one without any role.

    Roles that people gave stay as they are. IdentityDisabledError; IdentityNameTakenError where a user of this name is there
    already, whom no one but an administrator links.
    """
    person = person_of_identity(unit, issuer, subject)
    if person is None:
        if not wanted:
            return None
        if find_user(unit, name) is not None:
            raise IdentityNameTakenError
        first, *_ = sorted(wanted, key=_kept)
        user, _ = add_user(unit, name, first.role, first.account_id, first.virtual_account_id)
        unit.session.flush()
        row = _link(unit, user, issuer, subject)
        row.roles = [_kept(first)]
        person = Person(user.id, user.name)
        unit.session.flush()
    _give_roles(unit, unit.session.get_one(ExternalIdentity, (issuer, subject)), person.name, wanted)
    unit.session.flush()
    return person if held_roles(unit, person.id) else None


def _give_roles(unit: Unit, row: ExternalIdentity, name: str, wanted: Collection[HeldRole]) -> None:
    held = set(held_roles(unit, row.user_id))
    given = {HeldRole(Role(role), account, place) for role, account, place in row.roles}
    for one in sorted((given & held) - set(wanted), key=_kept):
        remove_role(unit, name, one.role, one.account_id, one.virtual_account_id)
    new = sorted(set(wanted) - held, key=_kept)
    for one in new:
        add_user(unit, name, one.role, one.account_id, one.virtual_account_id)
    row.roles = [_kept(one) for one in sorted((given & held & set(wanted)) | set(new), key=_kept)]


def _kept(one: HeldRole) -> list[str]:
    return [one.role.value, one.account_id, one.virtual_account_id]


def list_identities(unit: Unit, user_id: str | None = None) -> Sequence[tuple[ExternalIdentity, str]]:
    """Every identity with the name of its user, or those of one user."""
    require(unit, Permission.USER_MANAGE)
    query = select(ExternalIdentity, User.name).join(User, User.id == ExternalIdentity.user_id)
    if user_id is not None:
        query = query.where(ExternalIdentity.user_id == user_id)
    return [(row, name) for row, name in unit.session.execute(query.order_by(User.name, ExternalIdentity.subject))]


def id_of(row: ExternalIdentity) -> str:
    """A short name of an identity that an address can hold."""
    return hashlib.sha256(f"{row.issuer}\n{row.subject}".encode()).hexdigest()[:32]


def link(unit: Unit, name: str, issuer: str, subject: str) -> ExternalIdentity:
    """Let a user who is there sign in by the provider; UnknownUserError, IdentityExistsError."""
    require(unit, Permission.USER_MANAGE)
    if unit.session.get(ExternalIdentity, (issuer, subject)) is not None:
        raise IdentityExistsError
    return _link(unit, user_of(unit, name), issuer, subject)


def _link(unit: Unit, user: User, issuer: str, subject: str) -> ExternalIdentity:
    row = ExternalIdentity(
        issuer=issuer, subject=subject, user_id=user.id, disabled=False, roles=[], created_at=unit.now
    )
    unit.session.add(row)
    _say(unit, user, f"sign-in of {user.name} by the provider added")
    return row


def set_disabled(unit: Unit, name: str, only: str | None = None, *, disabled: bool) -> list[ExternalIdentity]:
    """Refuse a user's sign-ins by the provider, whose sessions end now, or allow them again; UnknownIdentityError.

    `only` is the id of the one identity that is meant.
    """
    user, rows = _of_user(unit, name, only)
    for row in rows:
        row.disabled = disabled
    if disabled:
        sessions.end_all(unit, USER_TABLES, user.id)
        _say(unit, user, f"sign-in of {user.name} by the provider disabled")
    else:
        _say(unit, user, f"sign-in of {user.name} by the provider enabled")
    return rows


def unlink(unit: Unit, name: str, only: str | None = None) -> None:
    """Forget how the provider knows a user, whose sessions end now; the user stays. UnknownIdentityError.

    `only` is the id of the one identity that is meant.
    """
    user, rows = _of_user(unit, name, only)
    for row in rows:
        unit.session.delete(row)
    sessions.end_all(unit, USER_TABLES, user.id)
    _say(unit, user, f"sign-in of {user.name} by the provider removed")


def _of_user(unit: Unit, name: str, only: str | None) -> tuple[User, list[ExternalIdentity]]:
    require(unit, Permission.USER_MANAGE)
    user = user_of(unit, name)
    found = unit.session.scalars(select(ExternalIdentity).where(ExternalIdentity.user_id == user.id))
    rows = [row for row in found if only is None or id_of(row) == only]
    if not rows:
        raise UnknownIdentityError("{name} does not sign in by the provider", name=user.name)
    return user, rows


def _say(unit: Unit, user: User, message: str) -> None:
    record(unit, None, EventKind.IDENTITY_CHANGED, message, subject={"user": user.id})
