"""Tables of measured use: what each device used of each licence in each month, and the last report of each key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, refers
from serverkit.db.guards import quantity as quantity_of


class UsageMonth(Base):
    """What a device used of a licence in a month, in one virtual account; its values only grow (rows S4.6, C3.6).

    It outlives its device, which is named by `udi`.
    """

    __tablename__ = "usage_months"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        Index("ix_usage_months_month", "account_id", "virtual_account_id", "month", "tag"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    udi: Mapped[dict[str, Any]] = mapped_column(JsonText)
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count"))
    unit_seconds: Mapped[int] = mapped_column(BigInteger, bounded("unit_seconds"))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageReporter(Base):
    """The last report of the key of a directly connected device; of another maker's device each report, until `forget_at`."""

    __tablename__ = "usage_reporters"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1))
    digest: Mapped[str] = mapped_column(String(64))
    forget_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
