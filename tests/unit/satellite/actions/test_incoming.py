"""Files that were brought, between check and apply."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from exchange.errors import ExchangeError
from satellite.actions import incoming
from satellite.actions.incoming import Incoming
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.core.site.errors import NotCheckedError
from serverkit.actor import OPERATOR
from tests.unit.satellite.factories import person, server_of


@pytest.mark.row("S2.1", "S2.5")
@pytest.mark.parametrize("kind", list(Incoming))
def test_a_file_that_is_refused_is_not_kept(tmp_path: Path, kind: Incoming) -> None:
    """There is nothing to apply then."""
    server = server_of(tmp_path)
    with pytest.raises(ExchangeError):
        incoming.check_incoming(server, OPERATOR, kind, lambda: nullcontext(io.BytesIO(b"nonsense")))
    assert incoming.find_checked(server, kind) is None
    with pytest.raises(NotCheckedError):
        incoming.apply_checked(server, OPERATOR, kind, "0" * 64)
    server.database.dispose()


@pytest.mark.row("S2.1", "S2.5")
def test_only_the_very_file_that_was_checked_is_applied_and_what_is_kept_is_never_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another digest is refused; a file that changed meanwhile is verified again; put aside, it is gone."""
    server = server_of(tmp_path)
    view: dict[str, Any] = {"outcome": "applied"}
    monkeypatch.setattr(incoming, "check_response_file", lambda *_: view)
    kept = incoming.check_incoming(server, OPERATOR, Incoming.RESPONSE, lambda: nullcontext(io.BytesIO(b"nonsense")))

    assert incoming.find_checked(server, Incoming.RESPONSE) == kept
    assert (kept.size, kept.view) == (8, view)
    with pytest.raises(NotCheckedError):
        incoming.apply_checked(server, OPERATOR, Incoming.RESPONSE, "0" * 64)
    with pytest.raises(ExchangeError):
        incoming.apply_checked(server, OPERATOR, Incoming.RESPONSE, kept.sha256)
    for refused in (
        lambda: incoming.apply_checked(server, person(Role.READ_ONLY), Incoming.RESPONSE, kept.sha256),
        lambda: incoming.drop_checked(server, person(Role.READ_ONLY), Incoming.RESPONSE),
    ):
        with pytest.raises(NotPermittedError):
            refused()
    assert incoming.find_checked(server, Incoming.RESPONSE) == kept
    incoming.drop_checked(server, OPERATOR, Incoming.RESPONSE)
    assert incoming.find_checked(server, Incoming.RESPONSE) is None
    server.database.dispose()
