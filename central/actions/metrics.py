"""What central tells monitoring: figures from the database at each request, and times of its processes (row B20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Select, func, select

import central
from central.actions.backups import ACTS as BACKUPS
from central.actions.health import examine_health
from central.actions.readiness import checks
from central.domain.accounts.models import SmartAccount
from central.domain.alerts.models import Alert
from central.domain.instances.models import Instance
from central.domain.ledger.kept import current_rows
from central.domain.operations.models import JobRun, OutboxEntry, Task
from central.domain.satellites.models import Satellite
from central.domain.trust.rules import ends_of
from central.runtime import Central
from serverkit.actor import OPERATOR
from serverkit.alerts.engine import AlertState, Severity
from serverkit.db.unit import Unit
from serverkit.devices.timing import added_up
from serverkit.jobs.listing import newest_runs
from serverkit.jobs.runs import Job
from serverkit.metrics import families
from serverkit.metrics.families import Family, Pool, counted, single
from serverkit.metrics.listener import Subject
from serverkit.outbox import waiting
from serverkit.tasks.service import OPEN

MOST_ACCOUNTS = 200
"""Whose licences are added up at each request."""
JobsOf = Callable[[Central], Sequence[Job]]


def subject_of(server: Central, jobs_of: JobsOf) -> Subject:
    """What the management listener of this central tells."""

    def text() -> bytes:
        with server.database.read(OPERATOR) as unit:
            found = list(measure(server, unit, jobs_of(server)))
        return families.text_of(found, added_up())

    return Subject(checks(server), text)


def measure(server: Central, unit: Unit, jobs: Sequence[Job]) -> Iterator[Family]:
    """Measure everything that is asked of the database and the home."""
    yield Family("info", "Program and version.", ("program", "version"), {("central", central.__version__): 1.0})
    yield from _licences(unit)
    yield counted("instances", "Product instances by state.", "state", _by(unit, select(Instance.state, func.count())
        .where(Instance.state != "removed").group_by(Instance.state)))  # fmt: skip
    alerts = _by(
        unit,
        select(Alert.severity, func.count()).where(Alert.state == AlertState.OPEN).group_by(Alert.severity),
    )
    yield counted("alerts", "Open alerts by severity.", "severity", {one.value: alerts.get(one.value, 0) for one in Severity})  # fmt: skip
    yield counted("satellites", "Satellites by state.", "state", _by(unit, select(Satellite.state, func.count()).group_by(Satellite.state)))  # fmt: skip
    oldest = unit.session.scalar(select(func.min(Satellite.last_sync_at)).where(Satellite.state != "removed"))
    since = (unit.licence_now - oldest).total_seconds() if oldest is not None else None
    yield from single("oldest_synchronization_seconds", "Seconds since the satellite that is silent longest synchronized.", since)  # fmt: skip
    failed, troubled = waiting(unit, OutboxEntry)
    yield counted("mail", "Mails that failed, and that wait for another try.", "state", {"failed": failed, "retried": troubled})  # fmt: skip
    open_tasks = unit.session.scalar(select(func.count()).select_from(Task).where(Task.state.in_(OPEN))) or 0
    yield from single("tasks_waiting", "Tasks that wait or run.", float(open_tasks))
    ends = ends_of(server.keyring.trust.root)
    keys: dict[tuple[str, ...], float] = {
        (name,): (end - unit.licence_now).total_seconds() for name, end in ends.items()
    }
    yield families.certificates({**families.certificate(server.home, unit.now), **keys})
    newest = BACKUPS.newest(server, unit)
    age = (unit.now - newest).total_seconds() if newest is not None else None
    yield from single("backup_age_seconds", "Seconds since the newest verified backup was made.", age)
    yield from families.jobs(jobs, newest_runs(unit, JobRun, [job.name for job in jobs]), unit.now)
    yield families.checks(examine_health(server, unit))


def _by(unit: Unit, query: Select[str, int]) -> dict[str, int]:
    return {str(word): int(count) for word, count in unit.session.execute(query)}


def _licences(unit: Unit) -> Iterator[Family]:
    """Purchased, in use and balance by account and licence, over the virtual accounts of the account."""
    count = unit.session.scalar(select(func.count()).select_from(SmartAccount)) or 0
    accounts = unit.session.execute(
        select(SmartAccount.id, SmartAccount.domain).order_by(SmartAccount.domain).limit(MOST_ACCOUNTS)
    )
    found: dict[tuple[str, ...], Pool] = {}
    for account_id, domain in accounts.all():
        for row in current_rows(unit, account_id):
            found.setdefault((domain, row["tag"]), Pool()).add(row)
    yield from families.licences(found, ("account", "licence"))
    yield from single("licence_accounts_left_out", "Accounts whose licences are not added up.", float(max(0, count - MOST_ACCOUNTS)))  # fmt: skip
