"""The support bundle of central: whole, without secrets and without anything of accounts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from central.actions import support
from central.domain.access.errors import NotPermittedError
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.actor import OPERATOR
from tests.unit.central.factories import NOBODY, server_of


@pytest.mark.row("S3.5")
def test_the_bundle_holds_the_vendors_own_and_no_account(tmp_path: Path) -> None:
    """Versions, health, settings, events of the vendor and files; no part failed; only the vendor may make it."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        record(unit, "a" * 32, EventKind.TOKEN_CREATED, "token of secret-customer created")
        record(unit, None, EventKind.POLICY_CHANGED, "policy changed")
    with zipfile.ZipFile(io.BytesIO(support.make_bundle(server, OPERATOR))) as bundle:
        found = {name: bundle.read(name).decode() for name in bundle.namelist()}
    preview = support.preview_bundle(server, OPERATOR, ["versions"])
    with pytest.raises(NotPermittedError):
        support.make_bundle(server, NOBODY)
    server.database.dispose()

    assert {f"{name}.json" for name in support.PARTS if name != "logs"} <= set(found)
    assert [name for name, text in found.items() if '"failed"' in text] == []
    assert "policy changed" in found["events.json"]
    assert "secret-customer" not in "".join(found.values())
    assert [one["name"] for one in preview] == ["README.txt", "versions.json"]
