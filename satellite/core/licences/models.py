"""Tables of what the site owns and uses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime


class Entitlement(Base):
    """A kind of licence, as central describes it."""

    __tablename__ = "entitlements"

    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024))
    description: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(Boolean)
    products: Mapped[list[str]] = mapped_column(JsonText)


class AllotmentLine(Base):
    """A signed allotment line; the whole set is replaced by each response."""

    __tablename__ = "allotments"
    __table_args__ = (Index("ix_allotments_virtual_account_id_tag", "virtual_account_id", "tag"),)

    serial: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    licence_type: Mapped[str] = mapped_column(String(16))
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quantity: Mapped[int] = mapped_column(BigInteger)
    billing: Mapped[str] = mapped_column(String(16))
    restricted: Mapped[bool] = mapped_column(Boolean)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    envelope: Mapped[dict[str, Any]] = mapped_column(JsonText)


class Claim(Base):
    """What an instance uses of an ordinary licence; 0 until central knows that it is over."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("count >= 0", name="count_not_negative"),
        Index("ix_claims_virtual_account_id_tag", "virtual_account_id", "tag"),
    )

    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    count: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, index=True)


class PoolTotal(Base):
    """What is claimed from a pool, kept beside the claims."""

    __tablename__ = "pool_totals"
    __table_args__ = (CheckConstraint("claimed >= 0", name="claimed_not_negative"),)

    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    claimed: Mapped[int] = mapped_column(BigInteger)
