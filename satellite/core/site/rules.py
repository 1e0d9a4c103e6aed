"""What a new machine must be like, and when the set-up can be finished (pure; rows S1.1, S1.3, S1.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from satellite.core.site.errors import AddressNeededError, ModeNotChosenError, NotAuthorizedError, UnknownModeError
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.verdicts import Verdict

MODES = ("manual", "network")
TIME_UNSETTLED = "The time was neither measured nor confirmed by a person."
SERVED_NOW = "Devices and programs are served from now on."
BY_NETWORK, BY_FILES = "Synchronization is over the network.", "Synchronization is by files."
"""How a site synchronizes."""
CLOCKS_APART = timedelta(minutes=2)
ENOUGH_BYTES, FEWEST_BYTES = 1024**3, 64 * 1024**2


class Weight(StrEnum):
    """What a finding means for the set-up."""

    IN_ORDER = "in_order"
    LOOK = "look"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined: what was found, what is needed, and what to do where that differs.

    `case` says which of its cases it is and `facts` what was measured, for pages in other languages.
    """

    name: str
    found: str
    needed: str
    weight: Weight = Weight.IN_ORDER
    advice: str = ""
    case: str = "fine"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding for people and programs."""
        return {
            "name": self.name,
            "found": self.found,
            "needed": self.needed,
            "state": self.weight.value,
            "advice": self.advice,
        }


def judge_clock(here: datetime, browser: datetime | None, earliest: datetime) -> Finding:
    """The system's clock beside that of the person's computer; it stops where the vendor's root was not made yet."""
    needed = "within 2 minutes of your computer's"
    facts: dict[str, Any] = {"here": here, "earliest": earliest}
    if here < earliest:
        advice = (
            "The vendor's root file was made later than this clock says: set the clock with the means of the system."
        )
        return Finding("clock", iso(here), f"after {iso(earliest)}", Weight.STOP, advice, "before_root", facts)
    if browser is None:
        return Finding("clock", iso(here), needed, case="not_compared", facts=facts)
    found, apart = f"{iso(here)}; your computer says {iso(browser)}", here - browser
    minutes, seconds = divmod(round(abs(apart).total_seconds()), 60)
    facts |= {"browser": browser, "minutes": minutes, "seconds": seconds}
    if abs(apart) <= CLOCKS_APART:
        return Finding("clock", found, needed, facts=facts)
    side = "ahead" if apart > timedelta(0) else "behind"
    words = {"ahead": "ahead of", "behind": "behind"}[side]
    advice = f"It is {minutes} min {seconds} s {words} your computer: set whichever of them is wrong."
    return Finding("clock", found, needed, Weight.LOOK, advice, side, facts)


def judge_disk(free: int) -> Finding:
    """The room of the state folder."""
    found, needed = f"{free // 1024**2} MiB free", f"{ENOUGH_BYTES // 1024**2} MiB"
    facts = {"free": free, "enough": ENOUGH_BYTES}
    if free >= ENOUGH_BYTES:
        return Finding("disk", found, needed, facts=facts)
    if free >= FEWEST_BYTES:
        return Finding("disk", found, needed, Weight.LOOK, "Make room: events and backups grow.", "little", facts)
    return Finding("disk", found, needed, Weight.STOP, "Free space on the disk of the state folder.", "full", facts)


def judge_names(names: Sequence[str], reached_as: str | None) -> Finding:
    """The names by which devices reach this server."""
    found, needed = ", ".join(names) or "none is set", "the names that devices use"
    facts = {"names": ", ".join(names), "reached_as": reached_as}
    if not names:
        advice = "Name it with `satellite network set --name NAME` if devices reach this server by a name."
        return Finding("names", found, needed, Weight.LOOK, advice, "none", facts)
    if reached_as and reached_as not in names:
        advice = f"Your browser uses {reached_as}, which is not among them."
        return Finding("names", found, needed, Weight.LOOK, advice, "another", facts)
    return Finding("names", found, needed, facts=facts)


def judge_finish(
    mode: str, *, authorized: bool, has_address: bool, time_settled: bool, finished: str | None
) -> Verdict:
    """Whether the set-up can be finished with a mode of synchronization, and what follows; `finished` is the mode now."""
    reasons: list[AppError] = []
    if not mode:
        reasons.append(ModeNotChosenError())
    elif mode not in MODES:
        reasons.append(UnknownModeError("{mode!r} is not a mode of synchronization", mode=mode[:40]))
    if not authorized:
        reasons.append(NotAuthorizedError())
    if mode == "network" and not has_address:
        reasons.append(AddressNeededError())
    warnings = () if time_settled else (TIME_UNSETTLED,)
    effects = [] if finished is not None else [SERVED_NOW]
    if mode in MODES and mode != finished:
        effects.append(BY_NETWORK if mode == "network" else BY_FILES)
    return Verdict(tuple(reasons), warnings, tuple(effects))
