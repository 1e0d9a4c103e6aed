"""The clock of a site: everyone may look, administrators change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.actions.event_log import list_events
from satellite.actions.time import ACTS
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.errors import InvalidInputError
from tests.unit.satellite.factories import person, server_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


@pytest.mark.row("S1.3")
def test_zone_and_time_servers_are_changed_and_written_down(server: Satellite) -> None:
    """What is not named stays; an unknown zone changes nothing."""
    with server.database.write(OPERATOR) as unit:
        assert ACTS.change(unit, "Europe/Berlin", ["ntp.site.example"]) == {
            "zone": "Europe/Berlin",
            "servers": ["ntp.site.example"],
        }
        with pytest.raises(InvalidInputError):
            ACTS.change(unit, "Middle/Earth", None)
        ACTS.change(unit, "UTC", None)
        unit.session.flush()

        assert ACTS.settings(unit) == {"zone": "UTC", "servers": ["ntp.site.example"]}
        assert [one["kind"] for one in list_events(unit)] == ["time_settings:changed"] * 2


@pytest.mark.row("S1.3", "S3.4")
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.READ_ONLY])
def test_everyone_sees_the_settings_and_only_administrators_change_them(server: Satellite, role: Role) -> None:
    """Refused, they stay as they were."""
    with server.database.write(person(role)) as unit:
        before = ACTS.settings(unit)
        with pytest.raises(NotPermittedError):
            ACTS.change(unit, "Europe/Berlin", None)
        with pytest.raises(NotPermittedError):
            ACTS.may_measure(unit)
        assert ACTS.settings(unit) == before
