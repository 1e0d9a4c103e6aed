"""Reading tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from satellite.core.tokens.models import Token
from serverkit.auth.tokens import TokenUse
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.secrets_box import hash_secret


def token_state(token: Token, unit: Unit) -> str:
    """Whether a token still registers devices: active, used_up, expired or revoked."""
    return TokenUse(token.revoked, token.expires_at, token.uses, token.max_uses).state(unit.licence_now)


def token_dict(token: Token, virtual_account: str, unit: Unit) -> dict[str, Any]:
    """A token for people and programs, without its secret."""
    return {
        "id": token.id,
        "virtual_account": virtual_account,
        "description": token.description,
        "created_at": iso(token.created_at),
        "created_by": token.created_by,
        "expires_at": iso(token.expires_at),
        "uses": token.uses,
        "max_uses": token.max_uses,
        "export_controlled": token.export_controlled,
        "state": token_state(token, unit),
    }


def tokens(unit: Unit, names: dict[str, str], virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The tokens, newest first."""
    query = select(Token).where(Token.removed.is_(False)).order_by(Token.created_at.desc(), Token.id)
    if virtual_account_id is not None:
        query = query.where(Token.virtual_account_id == virtual_account_id)
    return [
        token_dict(row, names.get(row.virtual_account_id, row.virtual_account_id), unit)
        for row in unit.session.scalars(query)
    ]


def present(unit: Unit, ids: Sequence[str]) -> list[Token]:
    """Those of some tokens that are in the list."""
    return list(unit.session.scalars(select(Token).where(Token.id.in_(ids), Token.removed.is_(False))))


def usable_tokens(unit: Unit, virtual_account_id: str) -> list[Token]:
    """The tokens of a virtual account that still register devices, newest first."""
    query = select(Token).where(
        Token.virtual_account_id == virtual_account_id,
        Token.removed.is_(False),
        Token.revoked.is_(False),
        Token.expires_at > unit.licence_now,
    )
    rows = unit.session.scalars(query.order_by(Token.created_at.desc(), Token.id))
    return [row for row in rows if row.max_uses is None or row.uses < row.max_uses]


def token_of_text(unit: Unit, virtual_account_id: str, texts: set[str]) -> Token | None:
    """The token of one of these texts in a virtual account."""
    query = select(Token).where(
        Token.virtual_account_id == virtual_account_id,
        Token.removed.is_(False),
        Token.hash.in_([hash_secret(text) for text in texts]),
    )
    return unit.session.scalars(query).first()
