"""Licence time at the servers: who may confirm, raise and lower the mark (pure; decided in `docs/adr/0018`).

The table by which the clock is judged is the devices' too, and is in `exchange.licence_time`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from exchange.licence_time import (
    LONG_AGO,
    QUIET,
    TOLERANCE,
    ClockTrust,
    Mark,
    Moment,
    Reading,
    first_mark,
    judge,
)

__all__ = [
    "LONG_AGO",
    "QUIET",
    "TOLERANCE",
    "ClockTrust",
    "Mark",
    "Moment",
    "Reading",
    "can_lower",
    "confirmed",
    "first_mark",
    "judge",
    "signed",
]


def confirmed(mark: Mark, moment: Moment, *, by_person: bool) -> Mark:
    """The clock was found right: by a person, or by measuring. Only a person may lower a mark, and not what is sure.

    What is confirmed is sure from then on, but for a jump: anyone who confirms that by mistake can take it back.
    """
    reading = judge(mark, moment)
    mark = reading.mark
    at = max(moment.system, mark.sure) if by_person else max(moment.system, mark.at)
    sure = mark.sure if reading.standing is ClockTrust.SUSPICIOUS else at
    return Mark(at, sure, moment.boot, moment.uptime, at)


def can_lower(mark: Mark, moment: Moment) -> bool:
    """Whether a confirmation would lower licence time to the clock."""
    return mark.sure < mark.at and moment.system < mark.at


def signed(mark: Mark, moment: Moment, said: datetime, asked: datetime | None) -> Mark:
    """Central's signed time: a lower bound, and by what this machine said when it asked, proof for or against its clock.

    Central answered after it was asked. Where its time is more than a day before the time at which this machine asked,
    this machine was ahead, and the mark comes down. Where it is not, a clock that was taken as true before the question
    was right.
    """
    reading = judge(mark, moment)
    mark = reading.mark
    if asked is not None and said < asked - TOLERANCE and said < mark.at:
        return Mark(said, said, moment.boot, moment.uptime, said)
    asked_since = asked is not None and mark.boot == moment.boot and mark.anchor <= asked <= said + TOLERANCE
    believed = reading.standing is ClockTrust.BELIEVED
    if abs(moment.system - said) <= TOLERANCE or (believed and asked_since):
        at = max(mark.at, said, moment.system)
        return Mark(at, at, moment.boot, moment.uptime, at)
    at = max(mark.at, said)
    raised = replace(mark, at=at, sure=at if mark.sure == mark.at else max(mark.sure, said))
    if said > reading.now:
        raised = replace(raised, boot=moment.boot, uptime=moment.uptime, anchor=said)
    return raised
