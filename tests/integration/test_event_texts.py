"""Events hold texts of others, such as the issuer of a certificate; no such text keeps a site from synchronizing."""

from __future__ import annotations

import pytest

from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.runtime import open_satellite
from serverkit.actor import SYSTEM
from tests.world import World


@pytest.mark.both_databases
@pytest.mark.row("S2.3")
def test_an_event_with_a_text_that_no_file_carries_is_told_all_the_same(site: World) -> None:
    """Decomposed letters are composed and control characters replaced; the request is made and central takes it."""
    server = open_satellite(site.folder / "satellite")
    with server.database.write(SYSTEM) as unit:
        subject = {"issuer": "CN=Mu\u0308ller\x1b", "names": ["a\x07"]}
        record(unit, EventKind.TLS_IMPORTED, "TLS certificate of CN=Mu\u0308ller\x1b[31m imported", subject=subject)
    server.database.dispose()
    site.synchronize("1")
    messages = [row["message"] for row in site.satellite("events")["items"]]

    assert "TLS certificate of CN=M\u00fcller\ufffd[31m imported" in messages
