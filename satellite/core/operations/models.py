"""Tables of serverkit in the satellite's database."""

from __future__ import annotations

from sqlalchemy import Index, text

from satellite.core.base import Base
from serverkit.db.base import ClockMixin, CommitMarkMixin, JobRunMixin, OutboxMixin
from serverkit.db.guards import refers
from serverkit.tasks.models import TaskMixin
from serverkit.webhooks.models import DeliveryMixin, WebhookMixin

BY_HAND_ONLY = "substr(slot, 1, 7) = 'manual-'"
"""The condition of the index of runs that were started by hand, as a query must say it to use that index."""


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"
    __table_args__ = (
        Index("ix_job_runs_started", "started", "job"),
        # Of the thousands of runs that the schedule starts, a list shows the few that a person did.
        Index("ix_job_runs_by_hand", "started", sqlite_where=text(BY_HAND_ONLY), postgresql_where=text(BY_HAND_ONLY)),
    )


class CommitMark(CommitMarkMixin, Base):
    """A mark of a commit, by which it is looked up when it got no answer."""

    __tablename__ = "commit_marks"


class ClockRow(ClockMixin, Base):
    """Licence time, and what was set about time."""

    __tablename__ = "clock"


class Task(TaskMixin, Base):
    """A long work that someone asked for."""

    __tablename__ = "tasks"


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
