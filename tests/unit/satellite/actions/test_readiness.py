"""What `/readyz` of a satellite looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions.readiness import checks
from serverkit.devices.health import run_checks
from tests.unit.satellite.factories import server_of


@pytest.mark.row("S3.2")
def test_a_check_that_fails_stops_no_other(tmp_path: Path) -> None:
    """Keys that are missing fail their own check; disk and database are looked at all the same."""
    server = server_of(tmp_path)
    for file in server.keyring.folder.glob("*"):
        file.unlink()
    found = run_checks(checks(server))
    server.database.dispose()

    assert (found["disk"].ok, found["database"].ok, found["keys"].ok) == (True, True, False)
