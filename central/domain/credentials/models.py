"""Tables of credentials; secrets are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import in_order, only, refers
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


class ExternalIdentity(Base):
    """A user as a provider knows it, by issuer and subject and by nothing else; `roles` are those that its groups gave."""

    __tablename__ = "external_identities"
    __table_args__ = (refers(["user_id"], "users", ["id"]),)

    issuer: Mapped[str] = mapped_column(String(1000), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    disabled: Mapped[bool] = mapped_column(Boolean)
    roles: Mapped[list[list[str]]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsedState(Base):
    """The digest of a sign-in by a provider that came back, kept as long as it could come back again."""

    __tablename__ = "used_states"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ConsoleState(Base):
    """The one row about the console: the hash of the set-up code, empty once the code is void."""

    __tablename__ = "console_state"

    id: Mapped[int] = mapped_column(Integer, only("id", 1), primary_key=True)
    setup_code_hash: Mapped[str] = mapped_column(String(64))


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
