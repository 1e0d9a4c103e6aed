"""Reading credentials, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import Permission
from central.domain.access.services import held_roles, is_permitted, require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.credentials.models import USER_TABLES, AccessToken, ApiClient, Password, TwoStep
from serverkit.clock import iso
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.users import backoff, sessions


def client_members(row: ApiClient, user: str) -> dict[str, Any]:
    """An API client as people and programs see it."""
    return {"id": row.id, "user": user, "created_at": row.created_at, "revoked": row.revoked}


def token_members(row: AccessToken, user: str, unit: Unit) -> dict[str, Any]:
    """An access token as people and programs see it."""
    state = "revoked" if row.revoked else "expired" if row.expires_at <= unit.now else "active"
    return {
        "id": row.id,
        "user": user,
        "scope": row.scope,
        "addresses": row.addresses,
        "description": row.description,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used": row.last_used_at,
        "state": state,
    }


def clients(unit: Unit) -> Query:
    """API clients with the names of their users."""
    require(unit, Permission.USER_MANAGE)
    return select(ApiClient, User.name).join(User, User.id == ApiClient.user_id)


def access_tokens(unit: Unit) -> Query:
    """The access tokens that people created, with the names of their users."""
    require(unit, Permission.USER_MANAGE)
    query = select(AccessToken, User.name).join(User, User.id == AccessToken.user_id)
    return query.where(AccessToken.client_id == "")


def users(unit: Unit, account_id: str | None = None) -> Query:
    """Users with their roles, the domains and the names of the virtual accounts (row C1.7).

    They are those of one account where it is named, all for the vendor; who administers accounts sees the users of
    these. The role is None for a user without any.
    """
    every = is_permitted(unit, Permission.USER_MANAGE)
    if account_id is not None:
        if not every:
            require(unit, Permission.ACCOUNT_USER_VIEW, account_id)
        of = [account_id]
    else:
        of = [] if every else _administered(unit)
    query = (
        select(User, RoleAssignment, SmartAccount.domain, VirtualAccount.name)
        .outerjoin(RoleAssignment, User.id == RoleAssignment.user_id)
        .outerjoin(SmartAccount, SmartAccount.id == RoleAssignment.account_id)
        .outerjoin(
            VirtualAccount,
            (VirtualAccount.account_id == RoleAssignment.account_id)
            & (VirtualAccount.id == RoleAssignment.virtual_account_id),
        )
    )
    return query.where(RoleAssignment.account_id.in_(of)) if of else query


def sign_ins(unit: Unit) -> dict[str, dict[str, Any]]:
    """How each user signs in, in a fixed number of queries; users without any of it are missing."""
    found: dict[str, dict[str, Any]] = {}

    def of(user_id: str) -> dict[str, Any]:
        return found.setdefault(user_id, {"password": False, "two_step": False, "sessions": 0})

    for user_id in unit.session.scalars(select(Password.user_id)):
        of(user_id)["password"] = True
    for user_id in unit.session.scalars(select(TwoStep.user_id).where(TwoStep.confirmed.is_(True))):
        of(user_id)["two_step"] = True
    for session in sessions.running(unit, USER_TABLES, None):
        of(session.user_id)["sessions"] += 1
    names = {name: user_id for user_id, name in unit.session.execute(select(User.id, User.name))}
    for name, until in backoff.slowed_until(unit, USER_TABLES, list(names)).items():
        of(names[name])["slowed_until"] = iso(until)
    return found


def _administered(unit: Unit) -> list[str]:
    """The accounts whose users the caller may see; NotPermittedError for none."""
    held = {one.account_id for one in held_roles(unit, unit.actor.id) if one.account_id}
    found = sorted(one for one in held if is_permitted(unit, Permission.ACCOUNT_USER_VIEW, one))
    if not found:
        require(unit, Permission.USER_MANAGE)
    return found
