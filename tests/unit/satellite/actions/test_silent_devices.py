"""What time does to silent devices of a site."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.event_log import list_events
from satellite.actions.instances import list_instances
from satellite.actions.silent_devices import apply_deadlines, end_silent_instances
from satellite.core.licences.services import claims_of, replace_claims
from tests.unit.satellite.factories import NOW, add_grant, add_instance, add_virtual_account, unit_of

DAY = timedelta(days=1)


@pytest.mark.row("C7.5")
@pytest.mark.parametrize(
    ("days", "state", "claimed"),
    [(29, "active", 2), (30, "failed_to_connect", 2), (89, "failed_to_connect", 2), (90, "released", 0)],
)
def test_silence_is_noted_after_thirty_days_and_frees_licences_after_ninety(
    days: int, state: str, claimed: int
) -> None:
    """What changed writes one event and goes out with the next request; the next run of the job changes nothing."""
    with unit_of() as unit:
        row = add_instance(unit, add_virtual_account(unit, "Site"), "SN1", "core-1")
        replace_claims(unit, row.id, row.virtual_account_id, {"ADVANTAGE": 2})
        row.last_contact, before = NOW - days * DAY, row.change_no
        unit.session.flush()
        changed = end_silent_instances(unit)
        unit.session.flush()
        silent = days >= 30

        assert (row.state, claims_of(unit, row.id).get("ADVANTAGE", 0)) == (state, claimed)
        assert (changed, row.change_no > before) == (silent, silent)
        assert ["core-1" in one["message"] for one in list_events(unit)] == [True] * silent
        assert end_silent_instances(unit) == 0


@pytest.mark.row("C7.5")
def test_a_device_that_was_silent_for_a_year_is_removed_unless_it_holds_restricted_units() -> None:
    """Restricted units stay with the device: no one has proven that it gave them up."""
    with unit_of() as unit:
        site = add_virtual_account(unit, "Site")
        plain, holding = add_instance(unit, site, "SN1", "core-1"), add_instance(unit, site, "SN2", "core-2")
        add_grant(unit, holding)
        plain.last_contact = holding.last_contact = NOW - 365 * DAY
        unit.session.flush()

        assert apply_deadlines(unit) == "2 product instances changed, 0 marks lapsed"
        assert [(one["name"], one["state"]) for one in list_instances(unit)] == [("core-2", "released")]
