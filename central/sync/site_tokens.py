"""Which tokens a site may write (row C2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED
from central.domain.tokens.models import Token
from exchange.errors import MalformedError
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches


def refuse_foreign(unit: Unit, account_id: str, satellite_id: str, ids: Sequence[str]) -> None:
    """Refuse ids of tokens of central or of another satellite that is not removed; MalformedError."""
    others = select(Satellite.id).where(
        Satellite.account_id == account_id, Satellite.id != satellite_id, Satellite.state != REMOVED
    )
    foreign = or_(Token.satellite_id.is_(None), Token.satellite_id.in_(others))
    for piece in batches(ids):
        found = select(Token.id).where(Token.account_id == account_id, Token.id.in_(piece), foreign)
        if unit.session.scalar(found.limit(1)) is not None:
            raise MalformedError("a row names a token that is not this satellite's")
