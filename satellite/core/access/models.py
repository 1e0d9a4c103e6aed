"""Tables of access over HTTP; no secret is stored, only what recognises it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.http.memory import IdempotentAnswerMixin


class ApiToken(Base):
    """A bearer token; `parent_id` is the token that a short-lived one was taken with, empty for one that a person made."""

    __tablename__ = "api_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, unique=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16))
    addresses: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean)


class RefreshToken(Base):
    """What a program gets a further short-lived token with; each is good for one use."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class IdempotentAnswer(IdempotentAnswerMixin, Base):
    """What a change was answered with."""

    __tablename__ = "idempotent_answers"
