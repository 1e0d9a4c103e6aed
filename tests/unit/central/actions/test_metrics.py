"""The figures of a central with satellites."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from central.actions import metrics
from serverkit.metrics.families import Family
from tests.unit.central.factories import NOW, add_satellite, server_of, unit_of


@pytest.mark.row("B20")
def test_the_satellite_that_is_silent_longest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure for all sites; licences of accounts beyond the bound are counted as left out."""
    server = server_of(tmp_path)
    monkeypatch.setattr(metrics, "MOST_ACCOUNTS", 0)
    with unit_of() as unit:
        add_satellite(unit, "North", last_sync=NOW - timedelta(days=3))
        add_satellite(unit, "South")
        found: dict[str, Family] = {one.name: one for one in metrics.measure(server, unit, ())}
    server.database.dispose()

    assert found["oldest_synchronization_seconds"].values[()] == pytest.approx(3 * 86400, abs=60)
    assert sum(found["satellites"].values.values()) == 2
    assert found["licence_accounts_left_out"].values[()] >= 1
