"""The own certificate of a satellite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from satellite.actions.tls import refresh_tls, refresh_tls_at_start
from serverkit.actor import SYSTEM
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.unit.satellite.factories import server_of


@pytest.mark.row("S1.1")
def test_a_certificate_is_renewed_when_it_is_due_and_only_then(tmp_path: Path) -> None:
    """A home without one gets none by the job: the server makes it when it starts."""
    server = server_of(tmp_path)
    with server.database.write(SYSTEM) as unit:
        assert refresh_tls(server, unit) == "no own certificate"
    ensure_pair(tmp_path / TLS, datetime.now(UTC))
    fresh = read_pair(tmp_path / TLS).fingerprint
    refresh_tls_at_start(server)
    kept = read_pair(tmp_path / TLS).fingerprint
    end = read_pair(tmp_path / TLS).leaf.not_valid_after_utc
    with server.database.write(SYSTEM) as unit:
        unit.now = end - timedelta(days=1)
        refresh_tls(server, unit)
    server.database.dispose()

    assert kept == fresh
    assert read_pair(tmp_path / TLS).fingerprint != fresh
