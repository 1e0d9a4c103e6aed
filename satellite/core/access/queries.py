"""Reading access tokens, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from satellite.core.access.models import USER_TABLES, ApiToken, TwoStep, User
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from serverkit.clock import iso, optional_iso
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.users import backoff, sessions


def token_dict(row: ApiToken, unit: Unit) -> dict[str, Any]:
    """An access token for people and programs."""
    state = "revoked" if row.revoked else "expired" if row.expires_at <= unit.now else "active"
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "addresses": row.addresses,
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "user": row.user_id,
        "expires_at": iso(row.expires_at),
        "last_used": optional_iso(row.last_used_at),
        "state": state,
    }


def api_tokens(unit: Unit) -> list[dict[str, Any]]:
    """The access tokens that people made, newest first."""
    require(unit, Permission.ACCESS_MANAGE)
    query = select(ApiToken).where(ApiToken.parent_id == "").order_by(ApiToken.created_at.desc(), ApiToken.id)
    return [token_dict(row, unit) for row in unit.session.scalars(query)]


def own_api_tokens(unit: Unit, user_id: str) -> list[dict[str, Any]]:
    """The access tokens of one user, newest first."""
    query = select(ApiToken).where(ApiToken.parent_id == "", ApiToken.user_id == user_id)
    rows = unit.session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id))
    return [token_dict(row, unit) for row in rows]


def users(unit: Unit, text: str | None = None, role: str | None = None) -> Query:
    """The users, by a part of the name and by role."""
    require(unit, Permission.ACCESS_MANAGE)
    query = select(User)
    if text:
        query = query.where(User.name_key.contains(text.casefold(), autoescape=True))
    return query.where(User.role == role) if role else query


def user_dicts(unit: Unit, rows: list[User]) -> list[dict[str, Any]]:
    """Users for people and programs, with what belongs to each; a fixed number of queries for any number of users."""
    ids = [row.id for row in rows]
    two_step = set(unit.session.scalars(select(TwoStep.user_id).where(TwoStep.user_id.in_(ids), TwoStep.confirmed)))
    tokens = select(ApiToken.user_id, func.count()).where(
        ApiToken.user_id.in_(ids), ApiToken.parent_id == "", ApiToken.revoked.is_(False), ApiToken.expires_at > unit.now
    )
    held: dict[str, int] = {str(of): count for of, count in unit.session.execute(tokens.group_by(ApiToken.user_id))}
    begun: dict[str, int] = {}
    for session in sessions.running(unit, USER_TABLES, ids):
        begun[session.user_id] = begun.get(session.user_id, 0) + 1
    slowed = backoff.slowed_until(unit, USER_TABLES, [row.name for row in rows])
    return [
        {
            "id": row.id,
            "name": row.name,
            "role": row.role,
            "two_step": row.id in two_step,
            "created_at": iso(row.created_at),
            "created_by": row.created_by,
            "last_sign_in": optional_iso(row.last_sign_in_at),
            "state": "slowed" if row.name in slowed else "active",
            "slowed_until": optional_iso(slowed.get(row.name)),
            "sessions": begun.get(row.id, 0),
            "tokens": held.get(row.id, 0),
        }
        for row in rows
    ]
