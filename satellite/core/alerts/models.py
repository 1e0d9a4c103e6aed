"""The table of alerts."""

from __future__ import annotations

from sqlalchemy import Index

from satellite.core.base import Base
from serverkit.alerts.engine import AlertMixin


class Alert(AlertMixin, Base):
    """An alert of the site."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_kind_key", "kind", "key"),)
