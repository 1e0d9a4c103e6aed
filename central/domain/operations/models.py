"""Tables of the serverkit that central keeps among its own: runs of jobs and the outbox."""

from __future__ import annotations

from central.domain.base import Base
from serverkit.db.base import ClockMixin, JobRunMixin, OutboxMixin


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"


class OutboxEntry(OutboxMixin, Base):
    """Something to be sent after the commit."""

    __tablename__ = "outbox"


class ClockRow(ClockMixin, Base):
    """Licence time, and what was set about time."""

    __tablename__ = "clock"
