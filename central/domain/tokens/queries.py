"""Reading tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select

from central.domain.accounts.queries import Manager, managers
from central.domain.tokens.models import Token
from serverkit.auth.tokens import TokenUse
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.secrets_box import hash_secret


def token_dict(
    token: Token, virtual_account: str, unit: Unit, known: Mapping[str, Manager] | None = None
) -> dict[str, Any]:
    """A token for people and programs, without its secret; of a satellite's, what the site said at `as_of`.

    `known` are the account's satellites, where the caller has them already.
    """
    manager = None
    if token.satellite_id is not None:
        manager = (managers(unit, token.account_id) if known is None else known).get(token.satellite_id)
    ended = token.revoked or (manager is not None and manager.removed)
    state = TokenUse(ended, token.expires_at, token.uses, token.max_uses).state(unit.licence_now)
    return {
        "id": token.id,
        "virtual_account": virtual_account,
        "satellite": token.satellite_id,
        "satellite_name": manager.name if manager else None,
        "as_of": optional_iso(manager.last_said) if manager else None,
        "description": token.description,
        "created_at": iso(token.created_at),
        "created_by": token.created_by,
        "expires_at": iso(token.expires_at),
        "uses": token.uses,
        "max_uses": token.max_uses,
        "export_controlled": token.export_controlled,
        "state": state,
    }


def own_tokens(unit: Unit, account_id: str, virtual_account_id: str) -> list[Token]:
    """The usable tokens that central made for a virtual account, newest first."""
    query = select(Token).where(
        Token.account_id == account_id,
        Token.virtual_account_id == virtual_account_id,
        Token.satellite_id.is_(None),
        Token.revoked.is_(False),
        Token.expires_at > unit.licence_now,
    )
    rows = unit.session.scalars(query.order_by(Token.created_at.desc(), Token.id))
    return [row for row in rows if row.max_uses is None or row.uses < row.max_uses]


def count_own_tokens(unit: Unit, account_id: str) -> dict[str, int]:
    """How many usable tokens central made, by virtual account; nothing for those without."""
    query = select(Token.virtual_account_id, func.count()).where(
        Token.account_id == account_id,
        Token.satellite_id.is_(None),
        Token.revoked.is_(False),
        Token.expires_at > unit.licence_now,
        or_(Token.max_uses.is_(None), Token.uses < Token.max_uses),
    )
    found = unit.session.execute(query.group_by(Token.virtual_account_id))
    return {place: int(count) for place, count in found}


def token_of_text(unit: Unit, account_id: str, virtual_account_id: str, texts: set[str]) -> Token | None:
    """The token of one of these texts in a virtual account, whichever server made it."""
    query = select(Token).where(
        Token.account_id == account_id,
        Token.virtual_account_id == virtual_account_id,
        Token.hash.in_([hash_secret(text) for text in texts]),
    )
    return unit.session.scalars(query).first()
