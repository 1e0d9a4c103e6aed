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
from satellite.core.site.errors import NotCheckedError, OtherFileCheckedError
from serverkit.actor import OPERATOR
from serverkit.errors import AppError
from tests.unit.satellite.factories import person, server_of


@pytest.mark.row("S2.1", "S2.5")
@pytest.mark.parametrize("kind", list(Incoming))
def test_a_file_that_is_refused_is_not_kept(tmp_path: Path, kind: Incoming) -> None:
    """There is nothing to apply then."""
    server = server_of(tmp_path)
    with pytest.raises((ExchangeError, AppError)):
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
    monkeypatch.setitem(incoming._CHECKS, Incoming.RESPONSE, lambda *_: view)
    kept = incoming.check_incoming(server, OPERATOR, Incoming.RESPONSE, lambda: nullcontext(io.BytesIO(b"nonsense")))

    assert incoming.find_checked(server, Incoming.RESPONSE) == kept
    assert (kept.size, kept.view) == (8, view)
    with pytest.raises(NotCheckedError):
        incoming.apply_checked(server, OPERATOR, Incoming.RESPONSE, "0" * 64)
    with pytest.raises(ExchangeError):
        incoming.apply_checked(server, OPERATOR, Incoming.RESPONSE, kept.sha256)
    for refused in (
        lambda: incoming.apply_checked(server, person(Role.READ_ONLY), Incoming.RESPONSE, kept.sha256),
        lambda: incoming.drop_checked(server, person(Role.READ_ONLY), Incoming.RESPONSE, kept.sha256),
    ):
        with pytest.raises(NotPermittedError):
            refused()
    assert incoming.find_checked(server, Incoming.RESPONSE) == kept
    incoming.drop_checked(server, OPERATOR, Incoming.RESPONSE, kept.sha256)
    assert incoming.find_checked(server, Incoming.RESPONSE) is None
    server.database.dispose()


@pytest.mark.row("S2.1", "S2.5")
def test_two_people_at_once_act_on_the_file_that_each_of_them_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one's file is neither replaced nor dropped nor applied unseen; what is applied is what was compared."""
    server, kind = server_of(tmp_path), Incoming.RESPONSE
    anna, berta = person(Role.OPERATOR), person(Role.ADMINISTRATOR)
    applied: list[bytes] = []

    def brings(content: bytes) -> Any:
        return lambda: nullcontext(io.BytesIO(content))

    def apply(_server: Any, _actor: Any, open_file: Any) -> Any:
        with open_file() as stream:
            applied.append(stream.read())
        return Told()

    class Told:
        def to_dict(self) -> dict[str, Any]:
            return {"outcome": "applied"}

    monkeypatch.setitem(incoming._CHECKS, Incoming.RESPONSE, lambda *_: {"outcome": "applied"})
    monkeypatch.setattr(incoming, "import_response_file", apply)
    first = incoming.check_incoming(server, anna, kind, brings(b"of Anna"))
    assert incoming.check_incoming(server, berta, kind, brings(b"of Anna")).sha256 == first.sha256
    with pytest.raises(OtherFileCheckedError, match="checked another file"):
        incoming.check_incoming(server, berta, kind, brings(b"of Berta"))
    incoming.drop_checked(server, anna, kind, first.sha256)
    second = incoming.check_incoming(server, berta, kind, brings(b"of Berta"))
    for refused in (incoming.drop_checked, incoming.apply_checked):
        with pytest.raises(NotCheckedError):
            refused(server, anna, kind, first.sha256)  # type: ignore[operator]  # both take the same
    assert incoming.find_checked(server, kind) == second
    assert incoming.apply_checked(server, anna, kind, second.sha256) == {"outcome": "applied"}
    assert incoming.find_checked(server, kind) is None
    incoming.drop_checked(server, anna, kind, second.sha256)
    assert applied == [b"of Berta"]
    server.database.dispose()


@pytest.mark.row("S2.1", "S2.5")
def test_what_is_applied_is_the_file_that_was_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes its name between the comparison and the import is not read, and is not dropped either."""
    server, kind, applied = server_of(tmp_path), Incoming.AUTHORIZATION, []

    def apply(_server: Any, _actor: Any, open_file: Any) -> dict[str, Any]:
        incoming.drop_checked(server, OPERATOR, kind, first.sha256)
        incoming.check_incoming(server, OPERATOR, kind, lambda: nullcontext(io.BytesIO(b"another")))
        with open_file() as stream:
            applied.append(stream.read())
        return {"outcome": "applied"}

    monkeypatch.setitem(incoming._CHECKS, Incoming.AUTHORIZATION, lambda *_: {"outcome": "applied"})
    monkeypatch.setattr(incoming, "import_authorization_file", apply)
    first = incoming.check_incoming(server, OPERATOR, kind, lambda: nullcontext(io.BytesIO(b"the first")))
    incoming.apply_checked(server, OPERATOR, kind, first.sha256)
    kept = incoming.find_checked(server, kind)

    assert applied == [b"the first"]
    assert kept is not None
    assert kept.sha256 != first.sha256
    server.database.dispose()
