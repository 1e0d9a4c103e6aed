"""The own certificate of central."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.actions.tls import refresh_tls, refresh_tls_at_start
from serverkit.actor import SYSTEM
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.unit.central.factories import server_of


@pytest.mark.row("C10.2")
def test_a_certificate_is_renewed_when_it_is_due_and_only_then(tmp_path: Path) -> None:
    """A home without one gets none by the job: the server makes it when it starts."""
    server = server_of(tmp_path)
    with server.database.write(SYSTEM) as unit:
        assert refresh_tls(server, unit) == "no own certificate"
    ensure_pair(tmp_path / TLS, datetime.now(UTC))
    fresh = read_pair(tmp_path / TLS)
    refresh_tls_at_start(server)
    kept = read_pair(tmp_path / TLS).fingerprint
    with server.database.write(SYSTEM) as unit:
        unit.now = fresh.leaf.not_valid_after_utc - timedelta(days=1)
        refresh_tls(server, unit)
    server.database.dispose()

    assert kept == fresh.fingerprint
    assert read_pair(tmp_path / TLS).fingerprint != fresh.fingerprint
