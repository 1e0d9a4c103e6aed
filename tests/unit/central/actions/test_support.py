"""The support bundle of central: whole, without secrets and without anything of accounts."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from central.actions import support
from central.actions.backups import ACTS as BACKUPS
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


@pytest.mark.row("S3.5")
def test_secrets_of_settings_and_backups_are_hidden_wherever_they_turn_up(tmp_path: Path) -> None:
    """The files that settings name and what is stored encrypted: none is in the bundle, even where an event quotes it."""
    server = server_of(tmp_path / "home")
    for name in ("contracts", "provider"):
        (tmp_path / name).write_text(f"{name}-hidden-word\n")
    named = {
        "contracts": {"token_file": tmp_path / "contracts"},
        "openid": {"client_secret_file": tmp_path / "provider"},
    }
    changed = {
        name: getattr(server.settings, name).model_copy(update={one: str(file) for one, file in of.items()})
        for name, of in named.items()
    }
    server = replace(server, settings=server.settings.model_copy(update=changed))
    with server.database.write(OPERATOR) as unit:
        BACKUPS.set_passphrase(server, unit, "backup-hidden-words")
        said = "contracts-hidden-word provider-hidden-word backup-hidden-words"
        record(unit, None, EventKind.POLICY_CHANGED, f"policy changed by {said}")
    with zipfile.ZipFile(io.BytesIO(support.make_bundle(server, OPERATOR))) as bundle:
        found = "".join(bundle.read(name).decode() for name in bundle.namelist())
    server.database.dispose()

    assert "policy changed by" in found
    assert "hidden-word" not in found
