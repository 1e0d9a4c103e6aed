"""A site through years: both servers opened once, their jobs run in their slots, and no one touches anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.device import Device
from agent.errors import AgentError
from central.domain.operations.models import JobRun as CentralRun
from central.jobs.catalogue import jobs_of as central_jobs
from central.runtime import Central, open_central
from satellite.core.operations.models import JobRun as SiteRun
from satellite.jobs.catalogue import jobs_of as site_jobs
from satellite.runtime import Satellite, open_satellite
from serverkit.clock import advance_lab_clock
from serverkit.jobs.runs import run_job
from tests.world import World


@dataclass
class Timeline:
    """Time passes; what is due is done by the schedulers' jobs and by the devices' timers."""

    world: World
    devices: list[Device] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open both servers."""
        self.vendor: Central = open_central(self.world.folder / "central")
        self.site: Satellite = open_satellite(self.world.folder / "satellite")

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.vendor.clock.now()

    def pass_time(self, by: timedelta) -> None:
        """Let time pass everywhere."""
        advance_lab_clock(self.vendor.home, by)
        advance_lab_clock(self.site.home, by)
        for device in self.devices:
            device.clock.advance(by)

    def until(self, moment: datetime, step: timedelta) -> None:
        """Let time pass in steps, doing what is due after each."""
        while self.now < moment:
            self.pass_time(min(step, moment - self.now))
            self.work()

    def work(self) -> None:
        """Run every job whose slot has come, and every device's timers; what fails is kept."""
        for job in central_jobs(self.vendor):
            result = run_job(self.vendor.database, CentralRun, job)
            self._keep("central", job.name, result.state, result.detail)
        for job in site_jobs(self.site):
            result = run_job(self.site.database, SiteRun, job)
            self._keep("satellite", job.name, result.state, result.detail)
        for device in self.devices:
            try:
                device.renew_due()
            except AgentError as error:
                self.failures.append(f"device: {error.reason}: {error.message}")

    def _keep(self, who: str, job: str, state: str, detail: str) -> None:
        if state == "failed" or detail.startswith("failed"):
            self.failures.append(f"{who} {job}: {detail}")

    def close(self) -> None:
        """Let go of both."""
        self.vendor.database.dispose()
        self.site.database.dispose()
