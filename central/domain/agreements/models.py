"""The texts of the licensing agreement, by version."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import UtcDateTime
from serverkit.db.guards import bounded


class AgreementText(Base):
    """The text of one version, which is never changed."""

    __tablename__ = "agreement_texts"

    version: Mapped[int] = mapped_column(Integer, bounded("version", 1), primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(255))
