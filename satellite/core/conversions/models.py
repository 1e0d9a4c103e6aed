"""The table of requests for conversion."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exchange.vocabulary import ConversionState
from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of, refers


class ConversionEntry(Base):
    """A device's signed request on its way to central and back; of each key the last decided one is kept."""

    __tablename__ = "conversions"
    __table_args__ = (
        refers(["instance_id"], "instances", ["id"]),
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
    )

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    statement: Mapped[dict[str, Any]] = mapped_column(JsonText)
    device_key: Mapped[dict[str, Any]] = mapped_column(JsonText)
    key_hash: Mapped[str] = mapped_column(String(64), index=True)
    device: Mapped[str] = mapped_column(Text)
    skus: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(32), one_of("state", ConversionState))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)
