"""The satellite itself: its state and its account."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions.site import show_account, show_status
from satellite.core.site.errors import NotAuthorizedError
from satellite.core.site.queries import site_of
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import server_of, unit_of


@pytest.mark.row("S3.1")
def test_the_account_has_one_number_here_and_centrals_where_it_is_known() -> None:
    """The number here does not change with what central says later; there is no account before the authorization."""
    with unit_of(epoch=0) as unit, pytest.raises(NotAuthorizedError):
        show_account(unit)
    with unit_of() as unit:
        before = show_account(unit)
        site_of(unit).account_number = 4711
        after = show_account(unit)

        assert (before.domain, before.name) == ("customer.example", "Customer")
        assert before.upstream_number == before.number == after.number
        assert after.upstream_number == 4711


@pytest.mark.row("S3.1", "S2.6")
def test_the_state_says_whether_the_satellite_was_restored_from_an_older_copy(tmp_path: Path) -> None:
    """An anchor that is ahead of the database tells."""
    server = server_of(tmp_path)
    with server.database.read(OPERATOR) as unit:
        fresh = show_status(server, unit)
    server.anchor.write(1, 5, 5, 0)
    with server.database.read(OPERATOR) as unit:
        restored = show_status(server, unit)
    server.database.dispose()

    assert (fresh["restored"], restored["restored"]) == (False, True)
    assert fresh["clock"] is not None
