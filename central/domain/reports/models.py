"""Tables of saved reports and their runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from central.domain.reports.rules import FORMATS, REPORTS, Every
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of, refers


class SavedReport(Base):
    """A report that a user saved in an account.

    `places` are the virtual accounts that were chosen, all where it is None; `filters` are the other filters by name.
    `day` is a day of the week (1 Monday to 7) or of the month; `zone` is empty for that of central. `next_due` is the
    moment of the next run, None without a schedule.
    """

    __tablename__ = "saved_reports"
    __table_args__ = (
        UniqueConstraint("account_id", "user_id", "name_key"),
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["user_id"], "users", ["id"]),
    )

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    account_id: Mapped[str] = mapped_column(IdColumn)
    user_id: Mapped[str] = mapped_column(IdColumn, index=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    report: Mapped[str] = mapped_column(String(16), one_of("report", REPORTS))
    format: Mapped[str] = mapped_column(String(8), one_of("format", FORMATS))
    places: Mapped[list[str] | None] = mapped_column(JsonText)
    filters: Mapped[dict[str, str]] = mapped_column(JsonText)
    every: Mapped[str] = mapped_column(String(16), one_of("every", Every))
    day: Mapped[int] = mapped_column(Integer, bounded("day"))
    at: Mapped[str] = mapped_column(String(5))
    zone: Mapped[str] = mapped_column(String(64))
    next_due: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReportRun(Base):
    """A run of a saved report; its id is that of the task, and of the parts of the file that it made.

    `seen` are the virtual accounts of which the file has rows, None where it could have those of all. `size` is None until
    the file is whole.
    """

    __tablename__ = "report_runs"
    __table_args__ = (refers(["report_id"], "saved_reports", ["id"]),)

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    report_id: Mapped[str] = mapped_column(IdColumn, index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    scheduled: Mapped[bool] = mapped_column(Boolean)
    format: Mapped[str] = mapped_column(String(8), one_of("format", FORMATS))
    seen: Mapped[list[str] | None] = mapped_column(JsonText)
    rows: Mapped[int] = mapped_column(BigInteger, bounded("rows"))
    size: Mapped[int | None] = mapped_column(BigInteger, bounded("size"))
