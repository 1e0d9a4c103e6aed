"""What time does to silent devices."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.actions.event_log import list_events
from central.actions.instances import list_instances
from central.actions.silent_devices import end_silent_instances
from central.domain.ledger.claims import claims_of, replace_claims
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, NOW, add_instance, unit_of

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
