"""Numbers for the dashboard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.alerts import dismiss_alert, list_alerts
from satellite.actions.counts import count_alerts, count_export_queue, count_instances
from satellite.core.alerts.services import book
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from tests.unit.satellite.factories import NOW, add_instance, add_request, add_virtual_account, unit_of


@pytest.mark.row("S3.1")
def test_instances_are_counted_by_virtual_account_and_state() -> None:
    """A removed one counts nowhere."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        for place, serial, state in ((site, "SN1", "active"), (site, "SN2", "released"), (site, "SN3", "active")):
            add_instance(unit, place, serial).state = state
        add_instance(unit, spare, "SN4").removed = True
        unit.session.flush()

        assert count_instances(unit) == {(site.id, "active"): 2, (site.id, "released"): 1}


@pytest.mark.row("S3.1", "S3.3")
def test_requests_for_restricted_licences_are_counted_by_state() -> None:
    """A state that no request has is not named."""
    with unit_of() as unit:
        row = add_instance(unit, add_virtual_account(unit, "Site"), "SN1")
        for number, state in enumerate(("waiting", "waiting", "granted")):
            add_request(unit, row, f"r{number}", state=state)

        assert count_export_queue(unit) == {"waiting": 2, "granted": 1}


@pytest.mark.row("S3.1")
def test_only_open_alerts_are_counted_and_every_severity_is_named() -> None:
    """A dismissed alert counts no more."""
    with unit_of() as unit:
        text = said("The last response was refused ({detail}).", detail="altered")
        wanted = Wanted("satellite_sync_failed", "site", text, "North", NOW + timedelta(days=1))
        book().reconcile(unit, [wanted], ("satellite_sync_failed",))
        unit.session.flush()
        before = count_alerts(unit)
        dismiss_alert(unit, list_alerts(unit)[0]["id"])
        unit.session.flush()

        assert sum(before.values()) == 1
        assert count_alerts(unit) == dict.fromkeys(before, 0)
