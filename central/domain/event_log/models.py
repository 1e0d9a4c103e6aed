"""Tables of events and licence transactions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from exchange.vocabulary import LicenceType
from serverkit.db.base import EventMixin, IdColumn, UtcDateTime
from serverkit.db.guards import QUANTITY, bounded, one_of, quantity, refers


class Event(EventMixin, Base):
    """An event; found by its number alone, which keeps writing many of them cheap."""

    __tablename__ = "events"

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(IdColumn)
    virtual_account_id: Mapped[str | None] = mapped_column(IdColumn)
    instance_id: Mapped[str | None] = mapped_column(IdColumn)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)


class LicenceTransaction(Base):
    """A line of the licence transactions (row C12.4), of one lot or of several; like an event found by its number alone."""

    __tablename__ = "licence_transactions"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(IdColumn)
    lot_id: Mapped[str | None] = mapped_column(IdColumn)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    type: Mapped[str] = mapped_column(String(32), one_of("type", LicenceType, but=("transfer",)))
    order_number: Mapped[str | None] = mapped_column(String(255))
    order_line: Mapped[str | None] = mapped_column(String(255))
    sku: Mapped[str | None] = mapped_column(String(255))
    tag: Mapped[str] = mapped_column(String(255))
    expiry: Mapped[datetime | None] = mapped_column(UtcDateTime)
    count: Mapped[int] = mapped_column(BigInteger, quantity("count", -QUANTITY))
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    source: Mapped[str] = mapped_column(String(640))
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(255))
    notes: Mapped[str] = mapped_column(Text)
