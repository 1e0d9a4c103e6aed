"""The permit to send a backup in place of the set-up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from satellite.actions import restore
from satellite.core.site.errors import RestoreNotPermittedError, SetupFinishedError
from satellite.core.site.queries import site_of
from serverkit.actor import SYSTEM
from serverkit.errors import DiskFullError
from serverkit.secrets_box import SecretBox
from serverkit.users.codes import hash_code
from serverkit.users.errors import SetupCodeRefusedError
from serverkit.users.tables import Browser
from tests.unit.satellite.factories import server_of

HERE = Browser("192.0.2.7")


@pytest.mark.row("S1.1")
def test_a_permit_is_given_for_the_code_and_holds_for_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong code gives none; another code, the end of its time, another key or a finished set-up end it."""
    server = server_of(tmp_path)
    monkeypatch.setattr(restore, "needs_administrator", lambda _unit: True)

    def set_site(code: str) -> None:
        with server.database.write(SYSTEM) as unit:
            site_of(unit).setup_code_hash = hash_code(code)

    def holds(permit: str, *, begun: bool = False, later: timedelta = timedelta()) -> bool:
        with server.database.read(SYSTEM) as unit:
            unit.now += later
            return restore.is_permitted(server, unit, permit, begun=begun)

    set_site("RIGHT-CODE")
    with pytest.raises(SetupCodeRefusedError):
        restore.permit_restore(server, "WRONG", HERE)
    permit = restore.permit_restore(server, "right-code", HERE)
    late = restore.PERMIT_FOR + timedelta(seconds=1)
    assert holds(permit)
    assert not holds(permit, later=late)
    assert holds(permit, begun=True, later=late)
    foreign = SecretBox.create(tmp_path / "another-key").encrypt(server.keyring.box.decrypt(permit))
    assert [holds(one) for one in ("", "x" * 200, foreign, server.keyring.box.encrypt('{"for": "sign-in"}'))] == [
        False
    ] * 4
    with pytest.raises(DiskFullError):
        restore.require_permit(server, permit, size=10**18)
    set_site("OTHER-CODE")
    assert not holds(permit, begun=True)
    with pytest.raises(RestoreNotPermittedError):
        restore.restore_instead(server, permit, tmp_path / "no-file", "a passphrase")
    with server.database.write(SYSTEM) as unit:
        site_of(unit).setup_finished_at = unit.now
    with pytest.raises(SetupFinishedError):
        restore.permit_restore(server, "OTHER-CODE", HERE)
    server.database.dispose()
