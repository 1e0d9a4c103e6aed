"""Tables of measured use: what each device used of each licence in each month, and its last report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import bounded, refers
from serverkit.db.guards import quantity as quantity_of


class UsageMonth(Base):
    """What a device used of a licence in a month, in one virtual account; its values only grow (row S4.6)."""

    __tablename__ = "usage_months"
    __table_args__ = (
        refers(["instance_id"], "instances", ["id"]),
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
    )

    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count"))
    unit_seconds: Mapped[int] = mapped_column(BigInteger, bounded("unit_seconds"))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)


class UsageReporter(Base):
    """The last report of a device's key; `acknowledged` is the number that was known to be at central before it."""

    __tablename__ = "usage_reporters"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1))
    digest: Mapped[str] = mapped_column(String(64))
    acknowledged: Mapped[int] = mapped_column(BigInteger, bounded("acknowledged"))
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))
