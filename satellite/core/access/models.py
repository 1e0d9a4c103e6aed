"""Tables of access over HTTP; no secret is stored, only what recognises it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.access.rules import Role
from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import in_order, one_of, refers
from serverkit.http.memory import IdempotentAnswerMixin


class ApiToken(Base):
    """A bearer token; `parent_id` is the token that a short-lived one was taken with, empty for one that a person made."""

    __tablename__ = "api_tokens"
    __table_args__ = (in_order("created_at", "expires_at"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, unique=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16), one_of("role", Role))
    addresses: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean)


class RefreshToken(Base):
    """What a program gets a further short-lived token with; each is good for one use."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (refers(["parent_id"], "api_tokens", ["id"]),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class IdempotentAnswer(IdempotentAnswerMixin, Base):
    """What a change was answered with."""

    __tablename__ = "idempotent_answers"
