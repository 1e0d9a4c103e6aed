"""How many messages to the vendor were written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import UtcDateTime
from serverkit.db.guards import bounded


class ContactCount(Base):
    """How many messages a user, or an account, wrote on a day; `key` is `user:` or `account:` with its id, `day` its midnight.

    It is a count alone, so that it does not say who wrote an anonymous message.
    """

    __tablename__ = "contact_counts"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    day: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    messages: Mapped[int] = mapped_column(Integer, bounded("messages"))
