"""Use cases of alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from satellite.actions import alerts
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import book
from serverkit.alerts.engine import Wanted
from serverkit.alerts.places import place_key, read_place
from serverkit.alerts.texts import said
from serverkit.db.paging import UnknownKeyError, write_key
from serverkit.db.windows import Part
from tests.unit.satellite.factories import NOW, add_virtual_account, unit_of


@pytest.mark.row("S3.2")
def test_a_list_of_alerts_writes_nothing_and_an_answer_changes_one() -> None:
    """A dismissed alert leaves the list of the open ones and stays in the list of all."""
    with unit_of() as unit:
        add_virtual_account(unit, "Site")
        text = said("The last response was refused ({detail}).", detail="altered")
        wanted = Wanted("satellite_sync_failed", "site", text, "North", NOW + timedelta(days=1))
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
        assert alerts.restore_alert(unit, listed[0]["id"])["state"] == "open"
        assert [one["kind"] for one in alerts.list_alerts(unit)] == ["satellite_sync_failed"]
        [(place, _)] = alerts.list_placed_alerts(unit, None, every=False)
        assert read_place(place_key(place)) == place
        for key in ("0" * 32, write_key([0, "x", "y", "z"]), write_key([0, "2026-01-01", "2026-01-01", "z"])):
            with pytest.raises(UnknownKeyError):
                read_place(key)


@pytest.mark.row("S3.2")
def test_an_alert_keeps_the_template_and_the_fields_of_its_text() -> None:
    """An edge can fill the text again; a list shows it filled."""
    with unit_of() as unit:
        text = said("The last response was refused ({detail}).", detail="{altered}")
        book().reconcile(unit, [Wanted("satellite_sync_failed", "site", text, "North")], ("satellite_sync_failed",))
        unit.session.commit()

        stored = unit.session.scalars(select(Alert)).one()

        assert alerts.list_alerts(unit)[0]["message"] == "The last response was refused ({altered})."
        assert stored.template.format_map(stored.fields) == stored.message
        assert stored.fields == {"detail": "{altered}"}


@pytest.mark.row("S3.2")
def test_pages_and_programs_list_the_same_alerts_of_a_virtual_account() -> None:
    """One that only names its surplus is not about it; a device in two of them is about both."""
    with unit_of() as unit:
        one, two = (add_virtual_account(unit, name).id for name in ("Site", "Spare"))
        short = {"virtual_account": one, "tag": "A", "surplus": [{"virtual_account": two, "count": 1}]}
        clone = {"virtual_account": one, "virtual_accounts": [one, two], "instances": []}
        kinds = {"insufficient_licences": short, "device_clone": clone, "licences_expired": {"virtual_account": two}}
        wanted = [Wanted(kind, "key", said("Text."), "North", subject=subject) for kind, subject in kinds.items()]
        book().reconcile(unit, wanted, tuple(kinds))
        unit.session.commit()

        def listed(name: str) -> tuple[set[str], set[str]]:
            window = alerts.list_alert_window(unit, Part(filters={"virtual_account": name}))
            return {row["kind"] for row in alerts.list_alerts(unit, name)}, {row["kind"] for row in window.items}

        assert listed("Site") == ({"insufficient_licences", "device_clone"},) * 2
        assert listed("Spare") == ({"device_clone", "licences_expired"},) * 2
