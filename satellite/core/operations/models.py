"""Tables of serverkit in the satellite's database."""

from __future__ import annotations

from sqlalchemy import Index

from satellite.core.base import Base
from serverkit.db.base import ClockMixin, JobRunMixin, OutboxMixin
from serverkit.tasks.models import TaskMixin


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_started", "started", "job"),)


class ClockRow(ClockMixin, Base):
    """Licence time, and what was set about time."""

    __tablename__ = "clock"


class Task(TaskMixin, Base):
    """A long work that somebody asked for."""

    __tablename__ = "tasks"


class OutboxEntry(OutboxMixin, Base):
    """Something to be sent after the commit."""

    __tablename__ = "outbox"
