"""Tables of smart accounts and virtual accounts. The numbers are stable ids for interfaces that want integers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from central.domain.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import bounded, refers, unique_where
from serverkit.names import kept_key


class SmartAccount(Base):
    """A customer's account."""

    __tablename__ = "smart_accounts"

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number"), unique=True)
    domain: Mapped[str] = mapped_column(String(253), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(255), unique=True)
    export_allowed: Mapped[bool] = mapped_column(Boolean)
    reservation_allowed: Mapped[bool] = mapped_column(Boolean)
    agreement_version: Mapped[int | None] = mapped_column(Integer, bounded("agreement_version", 1))
    agreement_accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreement_accepted_by: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @validates("name")
    def _with_key(self, _field: str, name: str) -> str:
        self.name_key = kept_key(name)
        return name


class VirtualAccount(Base):
    """A part of an account; it belongs to at most one satellite."""

    __tablename__ = "virtual_accounts"
    __table_args__ = (
        UniqueConstraint("account_id", "name_key"),
        unique_where("virtual_accounts", ["account_id"], "is_default", "default"),
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number"), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(Boolean)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn, index=True)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recovering: Mapped[bool] = mapped_column(Boolean, default=False)

    @validates("name")
    def _with_key(self, _field: str, name: str) -> str:
        self.name_key = kept_key(name)
        return name


class VirtualAccountTag(Base):
    """A tag on a virtual account; `key` is the tag as it is compared, so that no tag occurs twice (row C1.2)."""

    __tablename__ = "virtual_account_tags"
    __table_args__ = (refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64))
