"""Tables of the chassis that a satellite keeps among its own."""

from __future__ import annotations

from chassis.db.base import JobRunMixin
from satellite.core.base import Base


class JobRun(JobRunMixin, Base):
    """A run of a job."""

    __tablename__ = "job_runs"
