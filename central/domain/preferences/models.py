"""Tables of preferences."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Boolean, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText
from serverkit.db.guards import bounded, refers


class NoticeSetting(Base):
    """What of an account a user is mailed about: `kinds`, at once or in a daily summary.

    `told_number` and `summed_number` are the numbers of the last events that a mail could tell of, `summed_on` the day
    of the last summary; `missed` are alerts of which a mail could not be written yet. The summary is written in `zone`, or in the zone of central where that is empty.
    """

    __tablename__ = "notice_settings"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]), refers(["user_id"], "users", ["id"]))

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    user_id: Mapped[str] = mapped_column(IdColumn, primary_key=True, index=True)
    kinds: Mapped[list[str]] = mapped_column(JsonText)
    at_once: Mapped[bool] = mapped_column(Boolean)
    summary: Mapped[bool] = mapped_column(Boolean)
    zone: Mapped[str] = mapped_column(String(64))
    missed: Mapped[list[str]] = mapped_column(JsonText)
    told_number: Mapped[int] = mapped_column(BigInteger, bounded("told_number"))
    summed_number: Mapped[int] = mapped_column(BigInteger, bounded("summed_number"))
    summed_on: Mapped[date] = mapped_column(Date)


class AccountFlag(Base):
    """A flag of an account that differs from its default."""

    __tablename__ = "account_flags"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    on: Mapped[bool] = mapped_column(Boolean)
