"""The figures of an empty satellite."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions.metrics import measure
from serverkit.metrics.families import Family
from tests.unit.satellite.factories import server_of, unit_of


@pytest.mark.row("B20")
def test_a_satellite_without_devices_shows_zeros_and_its_deadlines(tmp_path: Path) -> None:
    """Every severity has a value, so that a rule never waits for a series that is not there."""
    server = server_of(tmp_path)
    with unit_of() as unit:
        found: dict[str, Family] = {one.name: one for one in measure(server, unit, ())}
    server.database.dispose()

    assert found["alerts"].values == {("major",): 0, ("minor",): 0, ("informational",): 0}
    assert set(found["seconds_until_synchronization"].values) == {("reminder",), ("overdue",), ("removal",)}
    assert found["licences_balance"].values == {}
    assert "backup_age_seconds" not in found
