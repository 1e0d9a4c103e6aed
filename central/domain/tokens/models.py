"""The table of registration tokens: central's own, and those that satellites report (id and hash only)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import bounded, in_order, refers, unique_where


class Token(Base):
    """A registration token; `secret` is encrypted, and empty for those of a satellite."""

    __tablename__ = "tokens"
    __table_args__ = (
        in_order("created_at", "expires_at"),
        in_order("uses", "max_uses"),
        refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
        unique_where("tokens", ["hash"], "satellite_id IS NULL", "hash"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, index=True)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)
    description: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64), index=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    max_uses: Mapped[int | None] = mapped_column(Integer, bounded("max_uses", 1))
    uses: Mapped[int] = mapped_column(Integer, bounded("uses"))
    export_controlled: Mapped[bool] = mapped_column(Boolean)
    revoked: Mapped[bool] = mapped_column(Boolean)
