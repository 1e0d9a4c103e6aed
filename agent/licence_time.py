"""Licence time on a device: what a verified answer does to the mark (pure).

The table by which the clock is judged is the servers' too, and is in `exchange.licence_time`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from exchange.licence_time import TOLERANCE, ClockTrust, Mark, Moment, judge


def reply(mark: Mark, moment: Moment, said: datetime, asked: datetime) -> Mark:
    """A verified answer, made at `said` to a message sent at `asked`: it confirms the clock, or brings it down.

    The answer may come from a satellite, which can give no right and must prolong none: nothing that is sure comes down.
    """
    reading = judge(mark, moment)
    mark = reading.mark
    if said < asked - TOLERANCE:
        lowered = max(said, mark.sure)
        return replace(mark, at=lowered, boot=moment.boot, uptime=moment.uptime, anchor=lowered, provisional=False)
    if abs(moment.system - said) <= TOLERANCE:
        at = max(mark.at, moment.system)
        return Mark(at, at, moment.boot, moment.uptime, at)
    if said > mark.at and reading.standing is ClockTrust.SET_BACK:
        return replace(mark, at=said, boot=moment.boot, uptime=moment.uptime, anchor=said)
    return mark
