"""How many messages to the vendor were written."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.guards import bounded


class ContactCount(Base):
    """How many messages a user, or an account, wrote on a day; `by` is `user:` or `account:` with its id.

    It is a count alone, so that it does not say who wrote an anonymous message.
    """

    __tablename__ = "contact_counts"

    by: Mapped[str] = mapped_column(String(300), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    messages: Mapped[int] = mapped_column(Integer, bounded("messages", 1))
