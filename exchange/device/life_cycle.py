"""Decides what happens to a device that its server no longer hears of (row C7.5); both servers ask this one rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto

from exchange.device.timers import REMOVED, SILENT_MAJOR, SILENT_MINOR
from exchange.vocabulary import InstanceState

SILENT = SILENT_MINOR[0]
"""A device that connected more recently is not silent."""


class SilenceStep(Enum):
    """The next step for a silent device."""

    REPORT = auto()
    """Its state becomes *failed to connect*; it keeps its licences."""
    FREE_LICENCES = auto()
    """Its ordinary licences return to the pool."""
    REMOVE = auto()
    """It has to register again."""


def silence_step(state: str, silent: timedelta, holds_more: Callable[[], bool]) -> SilenceStep | None:
    """The step that is due after so long a silence; None where it was taken before, or none is due.

    A device that holds licences which silence does not free (`holds_more`) is never removed.
    """
    if silent >= REMOVED and not holds_more():
        return SilenceStep.REMOVE
    if silent >= SILENT_MAJOR:
        return SilenceStep.FREE_LICENCES if state != InstanceState.RELEASED else None
    return SilenceStep.REPORT if silent >= SILENT and state == InstanceState.ACTIVE else None
