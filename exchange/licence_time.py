"""Licence time: how far a machine's clock is believed (rows D1, S1.3, B12; pure; see `docs/adr/0018`).

Servers and devices judge by this one table. Licence time is the highest time that was ever believed, the *mark*. A clock
that is set back or that jumps cannot move it; what ends is measured by it, so a clock set back revives nothing and a jump
ends nothing. Beside it the *present* advances by the machine's own count of elapsed time, so that contacts, answers and schedules go on while the clock is wrong: no one is locked out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

TOLERANCE = timedelta(hours=24)
QUIET = timedelta(minutes=5)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of the machine: its clock, its boot, and its uptime (sleep included).

    `shift` is by how much a laboratory moved its clock away from the machine's.
    """

    system: datetime
    boot: str
    uptime: timedelta
    shift: timedelta = timedelta(0)


class ClockTrust(StrEnum):
    """The judgement of the clock."""

    BELIEVED = "believed"
    SET_BACK = "set_back"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far licence time came, and by what it can be checked.

    `sure` is what cannot be lowered any more; it goes along with the mark once an answer has confirmed it.
    In the boot `boot`, when it had lasted `uptime`, it was `anchor`: from there elapsed time is counted.
    """

    at: datetime
    sure: datetime
    boot: str
    uptime: timedelta
    anchor: datetime
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The clock read and judged: the mark as it is now, and what the machine said."""

    mark: Mark
    standing: ClockTrust
    now: datetime
    moment: Moment

    @property
    def licence_now(self) -> datetime:
        """Licence time; stands still while the clock is not believed."""
        return self.mark.at

    @property
    def may_end(self) -> bool:
        """Whether time may bring endings about: not while the clock has jumped and no one has confirmed it."""
        return self.standing is not ClockTrust.SUSPICIOUS

    @property
    def off(self) -> timedelta:
        """By how much the clock is away from the present; positive when it is ahead."""
        return self.moment.system - self.now

    @property
    def alarming(self) -> bool:
        """Whether a person has to know: a jump, or a clock that was set back by more than some minutes."""
        back = self.mark.at - self.moment.system
        return self.standing is ClockTrust.SUSPICIOUS or (self.standing is ClockTrust.SET_BACK and back > QUIET)


def first_mark(moment: Moment) -> Mark:
    """The mark of a machine that never had one: believed, and not confirmed by anyone."""
    return Mark(moment.system, LONG_AGO, moment.boot, moment.uptime, moment.system, provisional=True)


def judge(mark: Mark, moment: Moment) -> Reading:
    """The clock table: set back, forward within elapsed time and a day, further in the same boot, further after one."""
    same = mark.boot == moment.boot and moment.uptime >= mark.uptime
    counted = mark.anchor + (moment.uptime - mark.uptime) if same else mark.at + moment.uptime
    present, system = max(counted, mark.at), moment.system
    if system < mark.at:
        return Reading(mark, ClockTrust.SET_BACK, present, moment)
    # Counted from the anchor and not from the mark: steps below the tolerance must not add up.
    jumped = system > counted + TOLERANCE
    if jumped and same:
        return Reading(mark, ClockTrust.SUSPICIOUS, present, moment)
    # A mark that central confirmed stays so while it only goes on; one that jumped while the machine was off does not.
    sure = system if mark.sure == mark.at and not jumped else mark.sure
    moved = replace(mark, at=system, sure=sure, provisional=mark.provisional or jumped)
    if not same:
        moved = replace(moved, boot=moment.boot, uptime=moment.uptime, anchor=system)
    return Reading(moved, ClockTrust.BELIEVED, system, moment)
