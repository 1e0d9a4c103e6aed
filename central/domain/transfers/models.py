"""Tables of transfers: kept so that each can be reversed for a set time (row B23)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import QUANTITY, bounded, quantity, refers


class Transfer(Base):
    """One transfer of any number of lines; `reversible_until` is None for what reverses another one (`reverses`)."""

    __tablename__ = "licence_transfers"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(255))
    reverses: Mapped[int | None] = mapped_column(BigInteger, bounded("reverses", 1))
    reversible_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TransferMove(Base):
    """What a transfer moved of one lot, and how much of it came back."""

    __tablename__ = "licence_transfer_moves"
    __table_args__ = (
        refers(["account_id", "number"], "licence_transfers", ["account_id", "number"]),
        refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),
        Index("ix_licence_transfer_moves_from", "account_id", "from_virtual_account", "number"),
        Index("ix_licence_transfer_moves_to", "account_id", "to_virtual_account", "number"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(
        Integer, bounded("position", 0, 1_000_000), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(255))
    lot_id: Mapped[str] = mapped_column(IdColumn)
    from_virtual_account: Mapped[str] = mapped_column(IdColumn)
    to_virtual_account: Mapped[str] = mapped_column(IdColumn)
    quantity: Mapped[int] = mapped_column(BigInteger, quantity("quantity"))
    returned: Mapped[int] = mapped_column(BigInteger, bounded("returned", 0, QUANTITY))
