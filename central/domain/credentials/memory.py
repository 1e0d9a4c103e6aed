"""Answers to changes, kept for a day, so that a repeated call changes nothing."""

from __future__ import annotations

from sqlalchemy import delete

from central.domain.credentials.models import IdempotentAnswer
from central.domain.credentials.rules import ANSWERS_KEPT
from chassis.db.unit import Unit


class AnswerMemory:
    """Recalls and keeps answers of the acting one, in the unit that makes the change."""

    def recall(self, unit: Unit, key: str) -> tuple[str, int, str] | None:
        """Digest of the call, status and body of its answer."""
        row = unit.session.get(IdempotentAnswer, (unit.actor.id, key))
        if row is None or row.at <= unit.now - ANSWERS_KEPT:
            return None
        return row.digest, row.status, row.body

    def keep(self, unit: Unit, key: str, digest: str, status: int, body: str) -> None:
        """Keep an answer; what is older than a day goes."""
        unit.session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.at <= unit.now - ANSWERS_KEPT))
        unit.session.merge(
            IdempotentAnswer(user_id=unit.actor.id, key=key, digest=digest, status=status, body=body, at=unit.now)
        )
