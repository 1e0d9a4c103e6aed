"""What a new machine must be like, and when the set-up can be finished (pure; rows S1.1, S1.3, S1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from satellite.core.site.errors import AddressNeededError, NotAuthorizedError, UnknownModeError
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.verdicts import Verdict

MODES = ("manual", "network")
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
    """One thing that was examined: what was found, what is needed, and what to do where that differs."""

    name: str
    found: str
    needed: str
    weight: Weight = Weight.IN_ORDER
    advice: str = ""

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
    if here < earliest:
        return Finding(
            "clock",
            iso(here),
            f"after {iso(earliest)}",
            Weight.STOP,
            "The vendor's root file was made later than this clock says: set the clock with the means of the system.",
        )
    if browser is None:
        return Finding("clock", iso(here), needed)
    found = f"{iso(here)}; your computer says {iso(browser)}"
    apart = here - browser
    if abs(apart) <= CLOCKS_APART:
        return Finding("clock", found, needed)
    minutes, seconds = divmod(round(abs(apart).total_seconds()), 60)
    side = "ahead of" if apart > timedelta(0) else "behind"
    advice = f"It is {minutes} min {seconds} s {side} your computer: set whichever of them is wrong."
    return Finding("clock", found, needed, Weight.LOOK, advice)


def judge_disk(free: int) -> Finding:
    """The room of the state folder."""
    found, needed = f"{free // 1024**2} MiB free", f"{ENOUGH_BYTES // 1024**2} MiB"
    if free >= ENOUGH_BYTES:
        return Finding("disk", found, needed)
    if free >= FEWEST_BYTES:
        return Finding("disk", found, needed, Weight.LOOK, "Make room: events and backups grow.")
    return Finding("disk", found, needed, Weight.STOP, "Free space on the disk of the state folder.")


def judge_names(names: Sequence[str], reached_as: str | None) -> Finding:
    """The names by which devices reach this server."""
    found, needed = ", ".join(names) or "none is set", "the names that devices use"
    if not names:
        advice = "Set `server.names` in config.toml if devices reach this server by a name."
        return Finding("names", found, needed, Weight.LOOK, advice)
    if reached_as and reached_as not in names:
        advice = f"Your browser uses {reached_as}, which is not among them."
        return Finding("names", found, needed, Weight.LOOK, advice)
    return Finding("names", found, needed)


def judge_finish(
    mode: str, *, authorized: bool, has_address: bool, time_settled: bool, finished: str | None
) -> Verdict:
    """Whether the set-up can be finished with a mode of synchronization, and what follows; `finished` is the mode now."""
    reasons: list[AppError] = []
    if mode not in MODES:
        reasons.append(UnknownModeError("{mode!r} is not a mode of synchronization", mode=mode[:40]))
    if not authorized:
        reasons.append(NotAuthorizedError())
    if mode == "network" and not has_address:
        reasons.append(AddressNeededError())
    warnings = () if time_settled else ("The time was neither measured nor confirmed by a person.",)
    effects = [] if finished is not None else ["Devices and programs are served from now on."]
    if mode != finished:
        effects.append("Synchronization is over the network." if mode == "network" else "Synchronization is by files.")
    return Verdict(tuple(reasons), warnings, tuple(effects))
