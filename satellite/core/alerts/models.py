"""The table of alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Index
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.alerts.engine import AlertMixin


class Alert(AlertMixin, Base):
    """An alert of the site; `told` are those that the mail job has seen; one that is raised again is news again."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_kind_key", "kind", "key"), Index("ix_alerts_told", "told"))

    told: Mapped[bool] = mapped_column(Boolean, default=False)
