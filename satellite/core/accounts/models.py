"""The table of virtual accounts."""

from __future__ import annotations

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn


class VirtualAccount(Base):
    """A virtual account, as central gave it."""

    __tablename__ = "virtual_accounts"

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    removed: Mapped[bool] = mapped_column(Boolean)
