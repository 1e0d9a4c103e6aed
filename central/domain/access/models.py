"""Tables of users and their roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.access.rules import Role
from central.domain.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import one_of, refers


class User(Base):
    """A person who may sign in; `of_vendor` once a role of the vendor's was given."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    name_key: Mapped[str] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    of_vendor: Mapped[bool] = mapped_column(Boolean)
    email: Mapped[str | None] = mapped_column(String(255))


class RoleAssignment(Base):
    """A role of a user: for the vendor, an account, or one virtual account of it."""

    __tablename__ = "role_assignments"
    __table_args__ = (
        UniqueConstraint("account_id", "virtual_account_id", "user_id", "role"),
        refers(["user_id"], "users", ["id"]),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, default="")
    role: Mapped[str] = mapped_column(String(32), one_of("role", Role))
