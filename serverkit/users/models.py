"""Columns of what both servers keep of people who sign in; no secret is stored, only what recognises it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded

if TYPE_CHECKING:

    class Columns:
        """Whatever a server makes of it takes its columns by name."""

        def __init__(self, **values: Any) -> None:
            """Set columns."""

else:

    class Columns:
        """A declarative class brings what sets its columns."""


class PasswordMixin(Columns):
    """A user's password, as argon2id made it."""

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TwoStepMixin(Columns):
    """A user's authenticator: its encrypted secret, the newest step that was used, and whether it was tried once."""

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger, bounded("last_step"))
    confirmed: Mapped[bool] = mapped_column(Boolean)


class RecoveryCodeMixin(Columns):
    """A code that takes the place of the authenticator once."""

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)


class SessionMixin(Columns):
    """A session of a browser; with `awaits_code` it is only good for the second step."""

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, unique=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    awaits_code: Mapped[bool] = mapped_column(Boolean)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(Text)
    agent: Mapped[str] = mapped_column(Text)


class FailureMixin(Columns):
    """Tries that failed in a row; the key is a digest of what is counted."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(64), index=True)
    count: Mapped[int] = mapped_column(Integer, bounded("count", 0, 1_000_000_000))
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PreferenceMixin(Columns):
    """How a user wants something shown, such as the views of a table that the user saved."""

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonText)


class KnownPlaceMixin(Columns):
    """An address or a browser from which somebody signed in; the key is a digest of it."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
