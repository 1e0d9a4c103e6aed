"""Answers to changes, kept for a day, so that a repeated call changes nothing."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, Text, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import bounded
from serverkit.db.unit import Unit
from serverkit.http.errors import KeyInUseError
from serverkit.secrets_box import SecretBox

KEPT = timedelta(hours=24)
MOST_BYTES = 1024 * 1024


class IdempotentAnswerMixin:
    """What a change was answered with, so that its repetition changes nothing and gets the same answer."""

    __tablename__ = "idempotent_answers"

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer, bounded("status", 100, 599))
    content_type: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given, and the digest of the call that it answers."""

    digest: str
    status: int
    content_type: str
    body: bytes


class AnswerMemory:
    """Recalls and keeps answers of the actor, in the unit that makes the change."""

    def __init__(self, model: type[IdempotentAnswerMixin], box: SecretBox) -> None:
        """`model` is the server's own table; `box` encrypts what is kept, since answers hold tokens."""
        self._model = model
        self._box = box

    def recall(self, unit: Unit, key: str) -> Kept | None:
        """What a call with this key was answered with."""
        row = unit.session.get(self._model, (unit.actor.id, key))
        if row is None or row.at <= unit.now - KEPT:
            return None
        return Kept(row.digest, row.status, row.content_type, base64.b64decode(self._box.decrypt(row.body)))

    def keep(self, unit: Unit, key: str, answer: Kept) -> None:
        """Keep an answer; what is older than a day goes. KeyInUseError where a rival was faster."""
        if len(answer.body) > MOST_BYTES:
            return  # only files are that large, and making one of them again gives the same bytes
        model = self._model
        unit.session.execute(delete(model).where(model.at <= unit.now - KEPT))
        values = {
            "user_id": unit.actor.id,
            "key": key,
            "digest": answer.digest,
            "status": answer.status,
            "content_type": answer.content_type,
            "body": self._box.encrypt(base64.b64encode(answer.body).decode("ascii")),
            "at": unit.now,
        }
        unit.session.flush()  # what fails below is this row
        unit.session.add(model(**values))
        try:
            unit.session.flush()
        except IntegrityError as error:
            raise KeyInUseError from error
