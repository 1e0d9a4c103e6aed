"""Reading access tokens, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from satellite.core.access.models import ApiToken
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit


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
        "expires_at": iso(row.expires_at),
        "last_used": optional_iso(row.last_used_at),
        "state": state,
    }


def api_tokens(unit: Unit) -> list[dict[str, Any]]:
    """The access tokens that people made, newest first."""
    require(unit, Permission.ACCESS_MANAGE)
    query = select(ApiToken).where(ApiToken.parent_id == "").order_by(ApiToken.created_at.desc(), ApiToken.id)
    return [token_dict(row, unit) for row in unit.session.scalars(query)]
