"""The table of policies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import SettingMixin, UtcDateTime
from serverkit.db.guards import bounded


class PolicySetting(SettingMixin, Base):
    """One policy that differs from its default."""

    __tablename__ = "policies"

    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
