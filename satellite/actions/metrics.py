"""What a satellite tells monitoring: figures from the database at each request, and times of its processes (row B20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from sqlalchemy import func, select

import satellite
from exchange.certificates import certificate_times
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.counts import count_alerts, count_export_queue, count_instances
from satellite.actions.health import examine_health
from satellite.actions.licences import list_licences
from satellite.actions.readiness import checks
from satellite.core.operations.models import JobRun, OutboxEntry, Task
from satellite.core.site.models import Site
from satellite.core.site.queries import deadlines, site_of
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.db.unit import Unit
from serverkit.devices.timing import added_up
from serverkit.jobs.listing import newest_runs
from serverkit.jobs.runs import Job
from serverkit.metrics import families
from serverkit.metrics.families import Family, Pool, counted, single
from serverkit.metrics.listener import Subject
from serverkit.outbox import waiting
from serverkit.tasks.service import OPEN

JobsOf = Callable[[Satellite], Sequence[Job]]


def subject_of(server: Satellite, jobs_of: JobsOf) -> Subject:
    """What the management listener of this satellite tells."""

    def text() -> bytes:
        with server.database.read(OPERATOR) as unit:
            found = list(measure(server, unit, jobs_of(server)))
        return families.text_of(found, added_up())

    return Subject(checks(server), text)


def measure(server: Satellite, unit: Unit, jobs: Sequence[Job]) -> Iterator[Family]:
    """Measure everything that is asked of the database and the home."""
    site = site_of(unit)
    yield Family("info", "Program and version.", ("program", "version"), {("satellite", satellite.__version__): 1.0})
    pools: dict[tuple[str, ...], Pool] = {}
    for row in list_licences(unit):
        pools.setdefault((row["virtual_account"], row["tag"]), Pool()).add(row)
    yield from families.licences(pools, ("virtual_account", "licence"))
    states: dict[str, int] = {}
    for (_, state), count in count_instances(unit).items():
        states[state] = states.get(state, 0) + count
    yield counted("instances", "Product instances by state.", "state", states)
    yield counted("alerts", "Open alerts by severity.", "severity", count_alerts(unit))
    yield counted("export_requests", "Requests for restricted licences by state.", "state", count_export_queue(unit))
    yield from _synchronization(unit, site)
    yield from _queues(unit)
    yield families.certificates({**families.certificate(server.home, unit.now), **_identities(server, unit, site)})
    names = [job.name for job in jobs]
    yield from families.jobs(jobs, newest_runs(unit, JobRun, names), unit.now)
    newest = BACKUPS.newest(server, unit)
    age = (unit.now - newest).total_seconds() if newest is not None else None
    yield from single("backup_age_seconds", "Seconds since the newest verified backup was made.", age)
    yield families.checks(examine_health(server, unit, names))


def _synchronization(unit: Unit, site: Site) -> Iterator[Family]:
    due, last, now = deadlines(site), site.last_sync_at or site.authorized_at, unit.licence_now
    since = (now - last).total_seconds() if last is not None else None
    yield from single("seconds_since_synchronization", "Seconds since the last response was applied.", since)
    if due is not None:
        left = {"reminder": due.reminder, "overdue": due.overdue, "removal": due.removal}
        values: families.Values = {(name,): (day - now) / timedelta(seconds=1) for name, day in left.items()}
        text = "Seconds until synchronization is due, overdue, and the satellite is removed; below zero: since."
        yield Family("seconds_until_synchronization", text, ("deadline",), values)


def _queues(unit: Unit) -> Iterator[Family]:
    failed, troubled = waiting(unit, OutboxEntry)
    yield counted("mail", "Mails that failed, and that wait for another try.", "state", {"failed": failed, "retried": troubled})  # fmt: skip
    open_tasks = unit.session.scalar(select(func.count()).select_from(Task).where(Task.state.in_(OPEN))) or 0
    yield from single("tasks_waiting", "Tasks that wait or run.", float(open_tasks))


def _identities(server: Satellite, unit: Unit, site: Site) -> dict[tuple[str, ...], float]:
    ends = {"root": server.keyring.trust.root.expires}
    for name, found in (("identity", site.identity_certificate), ("device_ca", site.device_ca_certificate)):
        if found is not None:
            ends[name] = certificate_times(found)[1]
    return {(name,): (end - unit.licence_now).total_seconds() for name, end in ends.items()}
