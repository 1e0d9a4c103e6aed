"""The table of policies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import SettingMixin, UtcDateTime


class PolicySetting(SettingMixin, Base):
    """One policy that differs from its default."""

    __tablename__ = "policies"

    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
