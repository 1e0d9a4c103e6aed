"""Tables of serverkit in central's database (runs of jobs, tasks, outbox, clock), and central's nodes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import ClockMixin, CommitMarkMixin, IdColumn, JobRunMixin, OutboxMixin, UtcDateTime
from serverkit.db.guards import bounded, refers
from serverkit.tasks.models import TaskMixin
from serverkit.webhooks.models import DeliveryMixin, WebhookMixin


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"


class Webhook(WebhookMixin, Base):
    """A receiver of news."""

    __tablename__ = "webhooks"


class WebhookDelivery(DeliveryMixin, Base):
    """A delivery to a receiver."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (refers(["webhook_id"], "webhooks", ["id"]),)


class OutboxEntry(OutboxMixin, Base):
    """Something to be sent after the commit."""

    __tablename__ = "outbox"


class CommitMark(CommitMarkMixin, Base):
    """A mark of a commit, by which it is looked up when it got no answer."""

    __tablename__ = "commit_marks"


class ClockRow(ClockMixin, Base):
    """Licence time, and what was set about time."""

    __tablename__ = "clock"


class Task(TaskMixin, Base):
    """A long work that someone asked for."""

    __tablename__ = "tasks"


class UploadPart(Base):
    """A part of a file that someone sent for a task; whichever node runs the task finds it here."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, bounded("part"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Node(Base):
    """A home that works on this database; several do where it is behind a server."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    home: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(32))
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)
