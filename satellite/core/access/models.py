"""Tables of access over HTTP; secrets are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.access.rules import Role
from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import in_order, one_of, refers
from serverkit.http.memory import IdempotentAnswerMixin
from serverkit.users.models import (
    FailureMixin,
    KnownPlaceMixin,
    PasswordMixin,
    PreferenceMixin,
    RecoveryCodeMixin,
    SessionMixin,
    TwoStepMixin,
)
from serverkit.users.tables import UserTables


class User(Base):
    """A person who signs in, with the one role that counts for the whole site."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_role", "role"),)

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    name_key: Mapped[str] = mapped_column(String(255), unique=True)
    role: Mapped[str] = mapped_column(String(16), one_of("role", Role))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Password(PasswordMixin, Base):
    """The password of a user."""


class TwoStep(TwoStepMixin, Base):
    """The authenticator of a user."""


class RecoveryCode(RecoveryCodeMixin, Base):
    """A recovery code of a user."""


class BrowserSession(SessionMixin, Base):
    """A session of a user's browser."""


class SignInFailure(FailureMixin, Base):
    """Tries to sign in that failed in a row."""


class KnownPlace(KnownPlaceMixin, Base):
    """Where someone signed in from."""


class Preference(PreferenceMixin, Base):
    """How a user wants something shown."""


USER_TABLES = UserTables(Password, TwoStep, RecoveryCode, BrowserSession, SignInFailure, KnownPlace, Preference)


class ApiToken(Base):
    """A bearer token; `parent_id` is the token that a short-lived one was taken with, empty for one that a person made.

    One with a user is that user's own: it never permits more than the user's role does.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (refers(["user_id"], "users", ["id"]), in_order("created_at", "expires_at"))

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, unique=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    user_id: Mapped[str | None] = mapped_column(IdColumn, index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16), one_of("role", Role))
    addresses: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean)


class RefreshToken(Base):
    """A refresh token of a program, valid for one use."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (refers(["parent_id"], "api_tokens", ["id"]),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    parent_id: Mapped[str] = mapped_column(IdColumn, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class IdempotentAnswer(IdempotentAnswerMixin, Base):
    """The stored answer to a change."""
