"""Reading credentials, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import Permission
from central.domain.access.services import held_roles, is_permitted, require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.credentials.models import AccessToken, ApiClient
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit


def client_dict(row: ApiClient, user: str) -> dict[str, Any]:
    """An API client for people and programs."""
    return {"id": row.id, "user": user, "created_at": iso(row.created_at), "revoked": row.revoked}


def token_dict(row: AccessToken, user: str, unit: Unit) -> dict[str, Any]:
    """An access token for people and programs."""
    state = "revoked" if row.revoked else "expired" if row.expires_at <= unit.now else "active"
    return {
        "id": row.id,
        "user": user,
        "scope": row.scope,
        "addresses": row.addresses,
        "description": row.description,
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at),
        "last_used": optional_iso(row.last_used_at),
        "state": state,
    }


def clients(unit: Unit) -> list[dict[str, Any]]:
    """All API clients, newest first."""
    require(unit, Permission.USER_MANAGE)
    query = select(ApiClient, User.name).join(User, User.id == ApiClient.user_id)
    return [client_dict(row, name) for row, name in unit.session.execute(query.order_by(ApiClient.created_at.desc()))]


def access_tokens(unit: Unit) -> list[dict[str, Any]]:
    """The access tokens that people made, newest first."""
    require(unit, Permission.USER_MANAGE)
    query = select(AccessToken, User.name).join(User, User.id == AccessToken.user_id)
    rows = unit.session.execute(query.where(AccessToken.client_id == "").order_by(AccessToken.created_at.desc()))
    return [token_dict(row, name, unit) for row, name in rows]


def users(unit: Unit, account_id: str | None = None) -> list[dict[str, Any]]:
    """Users with their roles (row C1.7): those of one account where it is named, all for the vendor.

    Who administers accounts sees the users of these. `role` is None for a user who holds none any more.
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
    if of:
        query = query.where(RoleAssignment.account_id.in_(of))
    rows = unit.session.execute(query.order_by(User.name, RoleAssignment.role, RoleAssignment.id))
    return [
        {
            "id": user.id,
            "name": user.name,
            "role": given.role if given else None,
            "account": (given.account_id or None) if given else None,
            "account_domain": domain,
            "virtual_account": (given.virtual_account_id or None) if given else None,
            "virtual_account_name": pool,
        }
        for user, given, domain, pool in rows
    ]


def _administered(unit: Unit) -> list[str]:
    """The accounts whose users the acting one may see; NotPermittedError for none."""
    held = {one.account_id for one in held_roles(unit, unit.actor.id) if one.account_id}
    found = sorted(one for one in held if is_permitted(unit, Permission.ACCOUNT_USER_VIEW, one))
    if not found:
        require(unit, Permission.USER_MANAGE)
    return found
