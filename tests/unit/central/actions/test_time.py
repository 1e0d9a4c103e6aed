"""The clock of central: for the vendor only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.actions.time import ACTS
from central.domain.access.errors import NotPermittedError
from central.runtime import Central
from serverkit.actor import OPERATOR
from serverkit.errors import InvalidInputError
from tests.unit.central.factories import NOBODY, server_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Central]:
    """A central that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


@pytest.mark.row("S1.3")
def test_zone_and_time_servers_are_changed_one_by_one(server: Central) -> None:
    """What is not named stays; an unknown zone changes nothing."""
    with server.database.write(OPERATOR) as unit:
        ACTS.change(unit, "Europe/Berlin", ["ntp.vendor.example"])
        with pytest.raises(InvalidInputError):
            ACTS.change(unit, "Middle/Earth", None)

        assert ACTS.change(unit, "UTC", None) == {"zone": "UTC", "servers": ["ntp.vendor.example"]}


@pytest.mark.row("S1.3", "C1.6")
def test_anyone_without_a_role_neither_sees_nor_changes_the_clock(server: Central) -> None:
    """Refused, the settings stay as they were."""
    with server.database.write(OPERATOR) as unit:
        owner, before = unit.actor, ACTS.settings(unit)
        unit.actor = NOBODY
        for refused in (lambda: ACTS.settings(unit), lambda: ACTS.change(unit, "Europe/Berlin", None)):
            with pytest.raises(NotPermittedError):
                refused()
        unit.actor = owner
        assert ACTS.settings(unit) == before
