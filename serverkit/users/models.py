"""What both servers keep of people who sign in, as tables; no secret is stored, only what recognises it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, in_order, refers

if TYPE_CHECKING:

    class Columns:
        """The class that a server makes of it takes its columns by name."""

        def __init__(self, **values: Any) -> None:
            """Set columns."""

else:

    class Columns:
        """A declarative class brings what sets its columns."""


class _OfUser(Columns):
    """A table whose rows belong to a user; each table has constraints of its own, for one cannot belong to two."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[SchemaItem, ...]:
        return (refers(["user_id"], "users", ["id"]),)


class PasswordMixin(_OfUser):
    """A user's password, as argon2id made it."""

    __tablename__ = "passwords"

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TwoStepMixin(_OfUser):
    """A user's authenticator: its encrypted secret, the newest step that was used, and whether it was tried once."""

    __tablename__ = "two_step"

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger, bounded("last_step"))
    confirmed: Mapped[bool] = mapped_column(Boolean)


class RecoveryCodeMixin(_OfUser):
    """A code that takes the place of the authenticator once."""

    __tablename__ = "recovery_codes"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)


class SessionMixin(_OfUser):
    """A session of a browser; with `awaits_code` it is only good for the second step."""

    __tablename__ = "sessions"

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

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[SchemaItem, ...]:
        return (refers(["user_id"], "users", ["id"]), in_order("begun_at", "ends_at"))


class FailureMixin(Columns):
    """Tries that failed in a row; the key is a digest of what is counted."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(64), index=True)
    count: Mapped[int] = mapped_column(Integer, bounded("count", 0, 1_000_000_000))
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PreferenceMixin(_OfUser):
    """How a user wants something shown, such as the views of a table that the user saved."""

    __tablename__ = "preferences"

    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonText)


class KnownPlaceMixin(Columns):
    """An address or a browser from which someone signed in; the key is a digest of it."""

    __tablename__ = "known_places"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
