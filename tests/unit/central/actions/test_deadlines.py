"""What time does to overdue satellites."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.actions.deadlines import remove_unsynchronized_satellites
from central.actions.instances import list_instances
from central.actions.satellites import list_satellites
from tests.unit.central.factories import DOMAIN, NOW, add_instance, add_satellite, unit_of

DAY = timedelta(days=1)


@pytest.mark.row("C10.3")
def test_a_satellite_is_removed_with_its_instances_after_ninety_days_without_synchronization() -> None:
    """Not a day before; one that was synchronized lately stays."""
    with unit_of() as unit:
        late, _ = add_satellite(unit, "North", last_sync=NOW - 90 * DAY), add_satellite(unit, "South", last_sync=NOW)
        add_satellite(unit, "East", last_sync=NOW - 89 * DAY)
        add_instance(unit, "SN1", "core-1").satellite_id = late.id
        unit.session.flush()

        assert remove_unsynchronized_satellites(unit) == 1
        unit.session.flush()
        assert late.sync_failure == "removed_overdue"
        assert {one["name"] for one in list_satellites(unit, DOMAIN) if one["state"] != "removed"} == {"South", "East"}
        assert list_instances(unit, DOMAIN) == []
