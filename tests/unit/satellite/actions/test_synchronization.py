"""Synchronization of a site by file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from exchange.canonical import digest
from exchange.errors import ExchangeError
from satellite.actions import synchronization
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.site.errors import AddressNeededError, NoRequestError
from satellite.runtime import Satellite
from satellite.sync.settings import InvalidNetworkSettingError
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import add_made_request, person, server_of, unit_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite that was set up."""
    made = server_of(tmp_path)
    yield made
    made.database.dispose()


def opened() -> nullcontext[io.BytesIO]:
    """A file that is no response."""
    return nullcontext(io.BytesIO(b"no response"))


@pytest.mark.row("S2.1", "S2.4")
def test_a_request_is_downloaded_again_byte_for_byte_while_it_is_kept() -> None:
    """One that was never made is unknown, and who only reads gets none."""
    with unit_of() as unit:
        row = add_made_request(unit, 3)
        found = synchronization.download_request(unit, 1, 3)
        assert (found.content, found.view["sha256"]) == (row.content, digest(row.content))
        with pytest.raises(NoRequestError):
            synchronization.download_request(unit, 1, 4)
        unit.actor = person(Role.READ_ONLY)
        with pytest.raises(NotPermittedError):
            synchronization.download_request(unit, 1, 3)


@pytest.mark.row("S2.5")
def test_a_response_that_is_refused_leaves_its_reason_in_the_history_and_a_check_leaves_nothing(
    server: Satellite,
) -> None:
    """Nothing else is changed."""
    with pytest.raises(ExchangeError):
        synchronization.check_response_file(server, OPERATOR, opened)
    with server.database.read(OPERATOR) as unit:
        assert synchronization.list_history(unit) == []
    with pytest.raises(ExchangeError) as caught:
        synchronization.import_response_file(server, OPERATOR, opened)
    with server.database.read(OPERATOR) as unit:
        history = synchronization.list_history(unit)
    assert [(one["step"], one["outcome"], one["detail"]) for one in history] == [
        ("import", "refused", f"{caught.value.code}: {caught.value.message}")
    ]


@pytest.mark.row("S1.4", "S2.2")
def test_settings_of_the_network_are_checked_and_shown_without_passwords(server: Satellite) -> None:
    """What is refused changes nothing; without an address there is no connection to be tried."""
    with pytest.raises(AddressNeededError):
        synchronization.try_connection(server, OPERATOR)
    with pytest.raises(NotPermittedError):
        synchronization.try_connection(server, person(Role.OPERATOR))
    with server.database.write(OPERATOR) as unit:
        proxy = "http://ann:secret@proxy.site.example:8080"
        shown = synchronization.change_settings(server, unit, {"url": "https://central.example", "proxy": proxy})
        assert "secret" not in str(shown)
        with pytest.raises(InvalidNetworkSettingError):
            synchronization.change_settings(server, unit, {"timeout": 0})
        assert synchronization.show_settings(unit) == shown


@pytest.mark.row("S2.2")
def test_nothing_is_sent_before_it_is_due(server: Satellite) -> None:
    """By hand there is no schedule."""
    assert synchronization.synchronize_if_due(server, OPERATOR) == "no schedule"
    with pytest.raises(NotPermittedError):
        synchronization.synchronize(server, person(Role.READ_ONLY))
