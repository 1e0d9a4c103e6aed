"""How both servers filter and order registration tokens in a list: their tables differ, these columns do not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_

from serverkit.auth.tokens import ACTIVE, EXPIRED, REVOKED, USED_UP
from serverkit.db.windows import Orders


def state_of(token: Any, now: datetime) -> ColumnElement[str]:
    """The state of a token, by the columns of its table."""
    used_up = and_(token.max_uses.is_not(None), token.uses >= token.max_uses)
    return case(
        (token.revoked.is_(True), REVOKED), (token.expires_at <= now, EXPIRED), (used_up, USED_UP), else_=ACTIVE
    )


def orders_of(token: Any, state: ColumnElement[str], **further: Any) -> Orders:
    """The orders of a list of tokens, newest first without a choice; `further` names columns of other tables."""
    columns = {"description": func.lower(token.description), "state": state, **further}
    columns |= {name: getattr(token, name) for name in ("expires_at", "created_at", "created_by", "uses")}
    return Orders(token.id, {name: (column,) for name, column in columns.items()}, "-created_at")


def matches(token: Any, text: str) -> ColumnElement[bool]:
    """Whether a text is in the description or the creator's name, or is the token's id."""
    described = func.lower(token.description).contains(text.lower(), autoescape=True)
    return or_(described, token.id == text, token.created_by.contains(text, autoescape=True))
