"""The job that looks at the clock: moves the mark, notes what changed, measures where something is in doubt.

It deletes marks of commits that are no longer needed too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from serverkit.actor import Actor, ActorKind
from serverkit.clock import parse_time
from serverkit.db.base import ClockMixin
from serverkit.db.unit import Database, Unit
from serverkit.jobs.runs import Job
from serverkit.licence_time import ClockTrust
from serverkit.time import service as time_service
from serverkit.time.ntp import Verdict, measure

ACTOR = Actor(ActorKind.JOB, "clock", "job clock")
NOT_NOW = "nothing ended: the clock jumped and was not confirmed"
MEASURE_EVERY = timedelta(hours=1)


def unless_jumped(work: Callable[[Unit], str]) -> Callable[[Unit], str]:
    """What a job that ends things does: nothing while the clock has jumped and no one has confirmed it."""
    return lambda unit: work(unit) if unit.may_end else NOT_NOW


def clock_job(
    database: Database,
    model: type[ClockMixin],
    observe: Callable[[Unit], str | None],
    refresh: Callable[[Unit], None],
    take: Callable[[Unit, Verdict], bool],
) -> Job:
    """The job: `observe` notes a change, `refresh` makes the alerts true, `take` keeps a measurement."""

    def look(unit: Unit) -> str:
        database.forget_marks(unit)
        message = observe(unit)
        if message is not None:
            refresh(unit)
        return message or "nothing changed"

    def run() -> str:
        return look_at_clock(database, model, look, take)

    text = "look whether the clock is believed; measure where it is not"
    return Job("clock", timedelta(minutes=1), look, text, run)


def look_at_clock(
    database: Database,
    model: type[ClockMixin],
    look: Callable[[Unit], str],
    take: Callable[[Unit, Verdict], bool],
) -> str:
    """Look; where the clock is in doubt and time servers are set, measure too, at most once an hour."""
    with database.read(ACTOR) as unit:
        row = time_service.row_of(unit, model)
        reading = unit.reading
        doubtful = reading is not None and (reading.standing is not ClockTrust.BELIEVED or reading.mark.provisional)
        servers = list(row.servers) if doubtful and _long_ago(row, unit.now) else []
    if servers:
        targets = [(name, *time_service.split_server(name)) for name in servers]
        verdict = measure(targets, database.clock.moment().shift.total_seconds())
        database.run(ACTOR, lambda unit: take(unit, verdict))
    return database.run(ACTOR, look)


def _long_ago(row: ClockMixin, now: datetime) -> bool:
    return row.measured is None or not timedelta(0) <= now - parse_time(row.measured["at"]) < MEASURE_EVERY
