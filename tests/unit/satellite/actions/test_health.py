"""What a satellite checks of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions.health import Outcome, examine_health
from serverkit.actor import OPERATOR
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE
from tests.unit.satellite.factories import server_of


@pytest.mark.row("S3.4")
def test_each_check_passes_warns_fails_or_is_left_out(tmp_path: Path) -> None:
    """Without a certificate its check is left out; a certificate passes; a damaged one and an older copy fail."""
    server = server_of(tmp_path)

    def outcomes() -> dict[str, Outcome]:
        with server.database.read(OPERATOR) as unit:
            return {one.name: one.outcome for one in examine_health(server, unit)}

    plain = outcomes()
    with server.database.read(OPERATOR) as unit:
        ensure_pair(tmp_path / "tls", unit.now)
    certified = outcomes()
    (tmp_path / "tls" / CERTIFICATE).write_text("damaged")
    server.anchor.write(1, 5, 5, 0)
    worse = outcomes()
    server.database.dispose()

    assert (plain["database"], plain["certificate"], plain["copy"]) == (Outcome.PASS, Outcome.SKIP, Outcome.PASS)
    assert certified["certificate"] is Outcome.PASS
    assert (worse["certificate"], worse["copy"]) == (Outcome.FAIL, Outcome.FAIL)
