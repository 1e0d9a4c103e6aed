"""Tables of credentials; secrets are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import in_order, refers
from serverkit.http.memory import IdempotentAnswerMixin
from serverkit.users.models import PasswordMixin


class ApiClient(Base):
    """A program that acts as a user."""

    __tablename__ = "api_clients"
    __table_args__ = (refers(["user_id"], "users", ["id"]),)

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean)


class AccessToken(Base):
    """A bearer token; `client_id` is empty for one that a person made."""

    __tablename__ = "access_tokens"
    __table_args__ = (refers(["user_id"], "users", ["id"]), in_order("created_at", "expires_at"))

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, unique=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    client_id: Mapped[str] = mapped_column(IdColumn, index=True)
    scope: Mapped[str] = mapped_column(Text)
    addresses: Mapped[list[str]] = mapped_column(JsonText)
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean)


class Password(PasswordMixin, Base):
    """The password of a user."""

    __tablename__ = "passwords"
    __table_args__ = (refers(["user_id"], "users", ["id"]),)


class RefreshToken(Base):
    """A refresh token of a person's program, valid for one use."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (refers(["user_id"], "users", ["id"]), refers(["client_id"], "api_clients", ["id"]))

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn)
    client_id: Mapped[str] = mapped_column(IdColumn, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class IdempotentAnswer(IdempotentAnswerMixin, Base):
    """The stored answer to a change."""

    __tablename__ = "idempotent_answers"
