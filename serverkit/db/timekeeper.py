"""Keeps licence time: reads the clock, judges it, and keeps the mark in one row of the database.

Reading costs no query while the clock is believed. The mark in memory runs ahead of the kept one by at most a minute;
it is written in the wake of a transaction that writes anyway, never inside one, so it can make none fail.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Engine, insert, select, update

from serverkit.clock import Clock
from serverkit.db.base import ClockMixin
from serverkit.licence_time import ClockTrust, Mark, Moment, Reading, first_mark, judge
from serverkit.locks import for_change

EVERY = timedelta(minutes=1)
LOOK_AGAIN_SECONDS = 1.0
MOST_BOOTS = 64
"""Of so many other boots the anchors are kept: more than a common database has nodes."""


def mark_of(row: Any, boot: str) -> Mark:
    """The mark that a row holds, as a boot counts from it.

    Several machines share the row of a common database. Each counts elapsed time from an anchor of its own, so the uptime
    of another machine explains no jump of this one's clock.
    """
    known = row.others.get(boot[:64]) if row.boot != boot else None
    if known is None:
        return Mark(row.mark, row.sure, row.boot, timedelta(milliseconds=row.uptime_ms), row.anchor, row.provisional)
    uptime, anchor = timedelta(milliseconds=known[0]), datetime.fromisoformat(known[1])
    return Mark(row.mark, row.sure, boot, uptime, anchor, row.provisional)


def columns_of(mark: Mark, row: Any) -> dict[str, Any]:
    """A mark as columns; `row` is what is there, whose anchor is kept if it is of another boot, or None."""
    boot, others = mark.boot[:64], dict(row.others or {}) if row is not None else {}
    if row is not None and row.boot and row.boot != boot:
        others[row.boot] = [row.uptime_ms, row.anchor.isoformat()]
    others.pop(boot, None)
    return {
        "mark": mark.at,
        "sure": mark.sure,
        "provisional": mark.provisional,
        "boot": boot,
        "uptime_ms": round(mark.uptime / timedelta(milliseconds=1)),
        "anchor": mark.anchor,
        "others": dict(sorted(others.items(), key=lambda one: str(one[1][1]))[-MOST_BOOTS:]),
    }


class Timekeeper:
    """Licence time of one server, for all threads of a process."""

    def __init__(self, clock: Clock, engine: Engine, model: type[ClockMixin]) -> None:
        """`model` is the server's own table of the one row."""
        self._clock = clock
        self._engine = engine
        self._model = model
        self._mark: Mark | None = None
        self._kept: Mark | None = None
        self._looked = 0.0

    def now(self) -> datetime:
        """The present; it advances whatever the clock does."""
        return self.read().now

    def moment(self) -> Moment:
        """What the machine says."""
        return self._clock.moment()

    def read(self) -> Reading:
        """Read and judge the clock; looks into the database only at first and while something is in doubt."""
        moment = self._clock.moment()
        if self._mark is None:
            self._look(moment)
        reading = judge(self._mark or first_mark(moment), moment)
        doubtful = reading.standing is not ClockTrust.BELIEVED or reading.mark.provisional
        if doubtful and monotonic() - self._looked > LOOK_AGAIN_SECONDS:
            # Another process may have confirmed the time meanwhile.
            self._look(moment)
            reading = judge(self._mark or first_mark(moment), moment)
        self._mark = reading.mark
        return reading

    def forget(self) -> None:
        """Look into the database at the next reading: the mark was changed there."""
        self._mark = None

    def keep(self, *, always: bool = False) -> None:
        """Write the mark down when it moved on by a minute, or otherwise than by going on; or in any case.

        Called where no transaction is open and, on SQLite, the write lock is held. Another process that does the same
        at this moment wins; nothing is lost by that.
        """
        mark = self._mark
        if mark is None or not (always or self._worth_keeping(mark)):
            return
        with self._engine.execution_options(perigee_write=True).begin() as connection:
            table = self._model.__table__  # type: ignore[attr-defined]  # a mapped class has its table
            row = connection.execute(for_change(select(table).where(table.c.id == 1))).one_or_none()
            moment = self._clock.moment()
            reading = judge(mark_of(row, moment.boot) if row else mark, moment)
            values = columns_of(reading.mark, row)
            if row is None:
                fixed = {"id": 1, "standing": ClockTrust.BELIEVED.value, "zone": "UTC", "servers": []}
                connection.execute(insert(table).values(**fixed, **values))
            else:
                connection.execute(update(table).where(table.c.id == 1).values(**values))
        self._mark = self._kept = reading.mark

    def _worth_keeping(self, mark: Mark) -> bool:
        kept = self._kept
        if kept is None or (mark.boot, mark.provisional) != (kept.boot, kept.provisional):
            return True
        return mark.at - kept.at >= EVERY

    def _look(self, moment: Moment) -> None:
        table = self._model.__table__  # type: ignore[attr-defined]  # a mapped class has its table
        with self._engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == 1)).one_or_none()
        self._looked = monotonic()
        self._kept = mark_of(row, moment.boot) if row else None
        if self._kept is None:
            self._mark = self._mark or first_mark(moment)
        else:
            self._mark = self._kept
