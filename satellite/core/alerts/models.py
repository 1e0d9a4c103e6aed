"""The table of alerts."""

from __future__ import annotations

from sqlalchemy import Index

from chassis.alerts.engine import AlertMixin
from satellite.core.base import Base


class Alert(AlertMixin, Base):
    """An alert of the site."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_kind_key", "kind", "key"),)
