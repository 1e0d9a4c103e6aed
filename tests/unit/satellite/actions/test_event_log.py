"""The event log of a site."""

from __future__ import annotations

import pytest

from satellite.actions.event_log import list_events
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from tests.unit.satellite.factories import add_virtual_account, unit_of


@pytest.mark.row("S3.2")
def test_events_are_listed_newest_first_and_for_one_virtual_account() -> None:
    """Each change writes its own, with the actor's name."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        for row, text in ((site, "first"), (spare, "second")):
            record(unit, EventKind.TOKEN_CREATED, text, subject={}, virtual_account_id=row.id)
        unit.session.flush()

        assert [one["message"] for one in list_events(unit)] == ["second", "first"]
        assert [one["message"] for one in list_events(unit, "Site")] == ["first"]
