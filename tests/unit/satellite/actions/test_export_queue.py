"""Requests for restricted licences on their way to central and back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from satellite.actions.export_queue import list_export_queue, show_track
from satellite.core.accounts.queries import UnknownVirtualAccountError
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.errors import UnknownExportRequestError
from tests.unit.satellite.factories import (
    NOW,
    add_grant,
    add_instance,
    add_made_request,
    add_request,
    add_virtual_account,
    unit_of,
)


@pytest.mark.row("S3.3")
def test_requests_are_listed_newest_first_and_for_one_virtual_account() -> None:
    """Each with licence, quantity and state; an unknown virtual account is refused."""
    with unit_of() as unit:
        site, spare = add_virtual_account(unit, "Site"), add_virtual_account(unit, "Spare")
        here, there = add_instance(unit, site, "SN1"), add_instance(unit, spare, "SN2")
        add_request(unit, here, "r1").requested_at = NOW - timedelta(hours=1)
        add_request(unit, there, "r2", state="failed")
        unit.session.flush()

        assert [(one["tag"], one["state"]) for one in list_export_queue(unit)] == [
            ("STRONG", "failed"),
            ("STRONG", "waiting"),
        ]
        assert [one["state"] for one in list_export_queue(unit, "Site")] == ["waiting"]
        with pytest.raises(UnknownVirtualAccountError):
            list_export_queue(unit, "Sight")


@pytest.mark.row("S3.3")
def test_the_track_of_a_request_names_its_file_the_end_of_the_grant_and_the_return() -> None:
    """What has not happened yet is not named."""
    with unit_of() as unit:
        row = add_instance(unit, add_virtual_account(unit, "Site"), "SN1")
        entry = add_request(unit, row, "r1")
        fresh = show_track(unit, entry.id)
        add_made_request(unit, 7)
        grant = add_grant(unit, row)
        entry.sent_at, entry.grant_id, entry.state = NOW, grant.id, "returned"
        record(unit, EventKind.EXPORT_RETURNED, "returned", subject={}, instance_id=row.id)
        unit.session.flush()
        done = show_track(unit, entry.id)

        assert (fresh.sent_in, fresh.returned_at, fresh.ends) == (None, None, None)
        assert (done.sent_in, done.returned_at, done.ends) == (7, NOW, NOW + timedelta(days=90))
        with pytest.raises(UnknownExportRequestError):
            show_track(unit, "0" * 32)
