"""The table of events."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import EventMixin, IdColumn
from serverkit.db.guards import bounded


class Event(EventMixin, Base):
    """An event; its number says whether central has it."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_instance_id_number", "instance_id", "number"),)

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), index=True)
    instance_id: Mapped[str | None] = mapped_column(IdColumn)
    virtual_account_id: Mapped[str | None] = mapped_column(IdColumn)
