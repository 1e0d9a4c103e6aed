"""What a server does with a device that it no longer hears of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exchange.device.life_cycle import SilenceStep, silence_step
from exchange.vocabulary import InstanceState

ACTIVE, SILENT, RELEASED = InstanceState.ACTIVE, InstanceState.FAILED_TO_CONNECT, InstanceState.RELEASED


@pytest.mark.row("C7.5")
@pytest.mark.parametrize(
    ("days", "state", "holds_more", "step"),
    [
        (29, ACTIVE, False, None),
        (30, ACTIVE, False, SilenceStep.REPORT),
        (89, SILENT, False, None),
        (90, ACTIVE, False, SilenceStep.FREE_LICENCES),
        (90, SILENT, True, SilenceStep.FREE_LICENCES),
        (364, RELEASED, False, None),
        (365, RELEASED, False, SilenceStep.REMOVE),
        (365, SILENT, True, SilenceStep.FREE_LICENCES),
        (400, RELEASED, True, None),
    ],
)
def test_each_step_is_taken_once_and_what_holds_more_is_never_removed(
    days: int, state: InstanceState, holds_more: bool, step: SilenceStep | None
) -> None:
    """Reported after 30 days, licences freed after 90, removed after a year."""
    assert silence_step(state, timedelta(days=days), lambda: holds_more) is step
