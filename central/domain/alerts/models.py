"""The table of alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.alerts.engine import AlertMixin
from serverkit.db.base import IdColumn


class Alert(AlertMixin, Base):
    """An alert of an account; `instance_id`, `virtual_account_id` and `licence` say what it is about, if anything.

    `told` are those of which the job that writes mails knows; one that is raised again is news again.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_account_id_kind_key", "account_id", "kind", "key"),
        Index("ix_alerts_account_id_instance_id", "account_id", "instance_id"),
        Index("ix_alerts_told", "told", "account_id"),
        # The bar and the pickers of every page: the most urgent, the newest, how many in each virtual account.
        Index("ix_alerts_urgent", "account_id", "state", "severity", "action_due", "raised_at", "id"),
        Index("ix_alerts_newest", "account_id", "state", "severity", "raised_at", "id"),
        Index("ix_alerts_licence", "account_id", "virtual_account_id", "licence", "state"),
        Index("ix_alerts_place", "account_id", "state", "virtual_account_id", "severity", "raised_at"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(IdColumn)
    virtual_account_id: Mapped[str | None] = mapped_column(IdColumn)
    licence: Mapped[str | None] = mapped_column(String(255))
    told: Mapped[bool] = mapped_column(Boolean, default=False)
