"""Root and role keys of central."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.event_log import list_events
from central.actions.trust import export_root, replace_role_key, rotate_root, write_root
from central.domain.access.errors import NotPermittedError
from central.domain.trust.services import RootKeyUnreadableError
from exchange.canonical import digest
from serverkit.db.paging import Slice
from tests.unit.central.factories import NOBODY, keyring_of, unit_of


@pytest.mark.row("E2")
def test_the_root_is_public_and_its_file_is_what_is_exported(tmp_path: Path) -> None:
    """The view names the digest of the very bytes."""
    keyring = keyring_of(tmp_path)
    view = write_root(keyring, tmp_path / "root.json")

    assert (tmp_path / "root.json").read_bytes() == export_root(keyring)
    assert view["sha256"] == digest(export_root(keyring))
    assert (view["vendor"], view["root_version"], view["lab"]) == ("Vendor", 1, True)


@pytest.mark.row("E2", "C1.6")
def test_keys_are_replaced_with_the_passphrase_and_the_right_only(tmp_path: Path) -> None:
    """A wrong passphrase and a stranger change nothing; each replacement is one version and one event."""
    keyring, root_keys = keyring_of(tmp_path), tmp_path / "root-keys"
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase\n", "utf-8")
    before = export_root(keyring)
    with unit_of() as unit:
        owner = unit.actor
        with pytest.raises(RootKeyUnreadableError):
            rotate_root(unit, keyring, root_keys, wrong)
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            rotate_root(unit, keyring, root_keys)
        with pytest.raises(NotPermittedError):
            replace_role_key(unit, keyring, "response", root_keys, revoke=False)
        assert export_root(keyring) == before
        unit.actor = owner
        replaced = replace_role_key(unit, keyring, "response", root_keys, revoke=True)
        unit.session.flush()

        assert replaced["root_version"] == 2
        assert [one["state"] for one in replaced["role_keys"] if one["role"] == "response"].count("revoked") == 1
        newest = list_events(unit, None, None, Slice(1)).items[0]
        assert newest["message"] == "the response key was replaced and the old one revoked"
