"""Licence time on a device: which part of what its clock says is believed (pure).

The same table as at the servers, which share no code with a device: the *mark* is the highest time that was ever
believed, and what ends is judged by it. A clock set back revives nothing; one that jumps in a running system ends
nothing until an answer of the server fits it; one that jumped while the device was off is taken as true, and an answer
brings it down again. The *present* goes on by elapsed time, so that the device is never locked out of its server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

TOLERANCE = timedelta(hours=24)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the device says: its clock, the boot it runs in, and for how long that boot has lasted."""

    system: datetime
    boot: str
    uptime: timedelta


class ClockTrust(StrEnum):
    """What is thought of the clock."""

    BELIEVED = "believed"
    SET_BACK = "set_back"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far licence time came; `sure` is what no answer lowers; elapsed time is counted from `anchor`."""

    at: datetime
    sure: datetime
    boot: str
    uptime: timedelta
    anchor: datetime
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The clock read and judged: the mark as it is now, and the present."""

    mark: Mark
    standing: ClockTrust
    now: datetime

    @property
    def licence_now(self) -> datetime:
        """Licence time; stands still while the clock is not believed."""
        return self.mark.at


def first_mark(moment: Moment) -> Mark:
    """The mark of a device that never had one."""
    return Mark(moment.system, LONG_AGO, moment.boot, moment.uptime, moment.system, provisional=True)


def judge(mark: Mark, moment: Moment) -> Reading:
    """Set back; forward within elapsed time and a day; further in the same boot; further after one."""
    same = mark.boot == moment.boot and moment.uptime >= mark.uptime
    counted = mark.anchor + (moment.uptime - mark.uptime) if same else mark.at + moment.uptime
    present, system = max(counted, mark.at), moment.system
    if system < mark.at:
        return Reading(mark, ClockTrust.SET_BACK, present)
    jumped = system > counted + TOLERANCE
    if jumped and same:
        return Reading(mark, ClockTrust.SUSPICIOUS, present)
    sure = system if mark.sure == mark.at and not jumped else mark.sure
    moved = replace(mark, at=system, sure=sure, provisional=mark.provisional or jumped)
    if not same:
        moved = replace(moved, boot=moment.boot, uptime=moment.uptime, anchor=system)
    return Reading(moved, ClockTrust.BELIEVED, system)


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
