"""The table of policies."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import SettingMixin


class PolicySetting(SettingMixin, Base):
    """One policy that differs from its default."""

    __tablename__ = "policies"

    change_no: Mapped[int] = mapped_column(BigInteger)
