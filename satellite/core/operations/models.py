"""Tables of the chassis that a satellite keeps among its own."""

from __future__ import annotations

from chassis.db.base import ClockMixin, JobRunMixin
from satellite.core.base import Base


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"


class ClockRow(ClockMixin, Base):
    """Licence time, and what was set about time."""

    __tablename__ = "clock"
