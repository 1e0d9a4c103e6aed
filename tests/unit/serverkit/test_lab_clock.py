"""A laboratory's clock that is set to a time reads that time or a later one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import DeviceClock
from serverkit.clock import make_lab, open_clock, set_lab_clock

MIDNIGHT = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.row("S1.3")
def test_a_server_clock_set_to_midnight_never_reads_the_day_before(tmp_path: Path) -> None:
    """Whatever fraction of a second the machine's clock shows when it is set."""
    make_lab(tmp_path)
    clock = open_clock(tmp_path)
    for _ in range(30):
        set_lab_clock(tmp_path, MIDNIGHT)

        assert MIDNIGHT <= clock.now() < MIDNIGHT + timedelta(seconds=30)


@pytest.mark.row("S1.3")
def test_a_device_clock_set_to_midnight_never_reads_the_day_before(tmp_path: Path) -> None:
    """Whatever fraction of a second the machine's clock shows when it is set."""
    clock = DeviceClock(tmp_path)
    clock.make_lab()
    for _ in range(30):
        clock.set(MIDNIGHT)

        assert MIDNIGHT <= clock.system() < MIDNIGHT + timedelta(seconds=30)
