"""Reading credentials, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import Permission
from central.domain.access.services import require
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
    """Users with their roles; those of one account where it is named."""
    require(unit, Permission.USER_MANAGE, account_id or "")
    query = select(RoleAssignment, User).join(User, User.id == RoleAssignment.user_id)
    if account_id is not None:
        query = query.where(RoleAssignment.account_id == account_id)
    return [
        {
            "id": user.id,
            "name": user.name,
            "role": given.role,
            "account": given.account_id or None,
            "virtual_account": given.virtual_account_id or None,
        }
        for given, user in unit.session.execute(query.order_by(User.name, RoleAssignment.role))
    ]
