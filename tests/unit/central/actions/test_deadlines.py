"""What time does to silent devices and overdue satellites."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.actions.deadlines import end_silent_instances, remove_unsynchronized_satellites
from central.actions.event_log import list_events
from central.actions.instances import list_instances
from central.actions.satellites import list_satellites
from central.domain.ledger.claims import claims_of, replace_claims
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, NOW, add_instance, add_satellite, unit_of

DAY = timedelta(days=1)


@pytest.mark.row("C7.5")
@pytest.mark.parametrize(
    ("days", "state", "claimed"),
    [
        (29, "active", 2),
        (30, "failed_to_connect", 2),
        (89, "failed_to_connect", 2),
        (90, "released", 0),
        (364, "released", 0),
    ],
)
def test_silence_is_noted_after_thirty_days_and_frees_licences_after_ninety(
    days: int, state: str, claimed: int
) -> None:
    """What changed writes one event; the next run of the job changes nothing."""
    with unit_of() as unit:
        row = add_instance(unit, "SN1", "core-1")
        replace_claims(unit, row.account_id, row.id, row.virtual_account_id, {"ADVANTAGE": 2})
        row.last_contact = NOW - days * DAY
        unit.session.flush()
        changed = end_silent_instances(unit)
        newest = list_events(unit, DOMAIN, None, Slice(1)).items[0]

        assert (row.state, claims_of(unit, row.account_id, row.id).get("ADVANTAGE", 0)) == (state, claimed)
        assert changed == (days >= 30)
        assert ("core-1" in newest["message"]) == (days >= 30)
        assert end_silent_instances(unit) == 0


@pytest.mark.row("C7.5")
def test_a_device_that_was_silent_for_a_year_is_removed() -> None:
    """It has to register again."""
    with unit_of() as unit:
        add_instance(unit, "SN1", "core-1").last_contact = NOW - 365 * DAY
        add_instance(unit, "SN2", "core-2")
        unit.session.flush()

        assert end_silent_instances(unit) == 1
        assert [one["name"] for one in list_instances(unit, DOMAIN)] == ["core-2"]


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
