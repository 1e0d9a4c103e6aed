"""Use cases of alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions import alerts
from satellite.core.alerts.services import book
from serverkit.alerts.engine import Wanted
from tests.unit.satellite.factories import NOW, add_virtual_account, unit_of


@pytest.mark.row("S3.2")
def test_a_list_of_alerts_writes_nothing_and_an_answer_changes_one() -> None:
    """A dismissed alert leaves the list of the open ones and stays in the list of all."""
    with unit_of() as unit:
        add_virtual_account(unit, "Site")
        wanted = Wanted(
            "satellite_sync_failed", "site", "The last response was refused.", "North", NOW + timedelta(days=1)
        )
        book().reconcile(unit, [wanted], ("satellite_sync_failed",))
        unit.session.commit()

        listed = alerts.list_alerts(unit)

        assert [one["kind"] for one in listed] == ["satellite_sync_failed"]
        assert not unit.session.new
        assert not unit.session.dirty
        assert alerts.list_alerts(unit, "Site") == []
        assert alerts.dismiss_alert(unit, listed[0]["id"])["state"] == "dismissed"
        assert alerts.list_alerts(unit) == []
        assert [one["state"] for one in alerts.list_alerts(unit, every=True)] == ["dismissed"]
        assert alerts.find_place(unit, listed[0]["id"]) is not None
        assert alerts.find_place(unit, "0" * 32) is None
