"""The own certificate of central."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from central.actions.tls import ACTS
from central.domain.access.errors import NotPermittedError
from central.domain.event_log.models import Event
from serverkit.actor import OPERATOR, SYSTEM, Actor, ActorKind
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.unit.central.factories import server_of


@pytest.mark.row("C10.2")
def test_a_certificate_is_renewed_when_it_is_due_and_only_then(tmp_path: Path) -> None:
    """A home without one gets none by the job: the server makes it when it starts."""
    server = server_of(tmp_path)
    with server.database.write(SYSTEM) as unit:
        assert ACTS.refresh(server, unit) == "no own certificate"
    ensure_pair(tmp_path / TLS, datetime.now(UTC))
    fresh = read_pair(tmp_path / TLS)
    ACTS.refresh_at_start(server)
    kept = read_pair(tmp_path / TLS).fingerprint
    with server.database.write(SYSTEM) as unit:
        unit.now = fresh.leaf.not_valid_after_utc - timedelta(days=1)
        ACTS.refresh(server, unit)
    server.database.dispose()

    assert kept == fresh.fingerprint
    assert read_pair(tmp_path / TLS).fingerprint != fresh.fingerprint


@pytest.mark.row("S3.4")
def test_a_reset_gives_another_key_and_is_written(tmp_path: Path) -> None:
    """It needs the right to manage the vendor's settings; without it the pair stays."""
    server = server_of(tmp_path)
    ensure_pair(tmp_path / TLS, datetime.now(UTC))
    before = read_pair(tmp_path / TLS).key_fingerprint
    with server.database.write(Actor(ActorKind.USER, "nobody", "nobody")) as unit, pytest.raises(NotPermittedError):
        ACTS.reset(server, unit)
    assert read_pair(tmp_path / TLS).key_fingerprint == before
    with server.database.write(OPERATOR) as unit:
        found = ACTS.reset(server, unit)
    with server.database.read(OPERATOR) as unit:
        written = [kind for kind in unit.session.scalars(select(Event.kind)) if kind.startswith("tls:")]
    server.database.dispose()

    assert found["state"] == "own"
    assert found["key_fingerprint"] == read_pair(tmp_path / TLS).key_fingerprint != before
    assert written == ["tls:certificate_reset"]
