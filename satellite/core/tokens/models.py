"""The table of registration tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import bounded, in_order, refers


class Token(Base):
    """A registration token; its text is encrypted, so that it can be shown again to those who may see it."""

    __tablename__ = "tokens"
    __table_args__ = (
        in_order("created_at", "expires_at"),
        in_order("uses", "max_uses"),
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
    )

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, index=True)
    description: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    max_uses: Mapped[int | None] = mapped_column(Integer, bounded("max_uses", 1))
    uses: Mapped[int] = mapped_column(Integer, bounded("uses"))
    export_controlled: Mapped[bool] = mapped_column(Boolean)
    revoked: Mapped[bool] = mapped_column(Boolean)
    removed: Mapped[bool] = mapped_column(Boolean)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)
