"""Registration of a satellite by files."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path

import pytest

from exchange.canonical import digest
from exchange.errors import ExchangeError
from exchange.files.registration import read_registration
from satellite.actions.event_log import list_events
from satellite.actions.registration import export_registration, import_authorization_file, show_registration
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import person, server_of


@pytest.mark.row("S1.2")
def test_a_registration_file_describes_this_satellite_and_proves_its_key(tmp_path: Path) -> None:
    """The view names the digest of the very bytes; the event is written."""
    server = server_of(tmp_path, epoch=0)
    with server.database.write(OPERATOR) as unit:
        made = export_registration(server, unit)
        unit.session.flush()
        assert [one["message"] for one in list_events(unit)] == ["registration file made"]
        assert show_registration(server, unit)["state"] == "registration_made"
        unit.actor = person(Role.OPERATOR)
        with pytest.raises(NotPermittedError):
            export_registration(server, unit)
    described, _ = read_registration(made.content, trust=server.keyring.trust)
    server.database.dispose()

    assert made.view["sha256"] == digest(made.content)
    assert (described.satellite, described.name) == (made.view["satellite"], "North")


@pytest.mark.row("S1.2", "S2.5")
def test_a_file_that_is_no_authorization_changes_nothing(tmp_path: Path) -> None:
    """Permission is asked first."""
    server = server_of(tmp_path, epoch=0)

    def opened() -> nullcontext[io.BytesIO]:
        return nullcontext(io.BytesIO(b"no authorization"))

    with pytest.raises(ExchangeError):
        import_authorization_file(server, OPERATOR, opened)
    with pytest.raises(NotPermittedError):
        import_authorization_file(server, person(Role.OPERATOR), opened)
    with server.database.read(OPERATOR) as unit:
        assert show_registration(server, unit)["state"] == "new"
        assert list_events(unit) == []
    server.database.dispose()
