"""What a target may be: no word of it is an option of a client, a command, or a secret in sight."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from serverkit.backup.targets import Target, new_key, public_of, read_key
from serverkit.errors import InvalidInputError

HOST_KEY = public_of(new_key())
GOOD: dict[str, Any] = {"kind": "sftp", "host": "vault.example", "user": "perigee", "path": "in/a box", "host_keys": HOST_KEY}  # fmt: skip


@pytest.mark.row("B8")
@pytest.mark.parametrize(
    "changes",
    [
        {"host": "-oProxyCommand=id"},
        {"host": "a b"},
        {"user": "-l"},
        {"user": "root;id"},
        {"path": 'x"\nrm *'},
        {"path": "-R"},
        {"path": "$(id)"},
        {"port": 0},
        {"host_keys": ""},
        {"host_keys": "ssh-ed25519 AAAA"},
        {"host_keys": "no key at all"},
        {"kind": "folder", "folder": "relative"},
        {"kind": "folder", "folder": ""},
        {"keep": 0},
    ],
)
def test_what_a_client_could_take_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    """Options, commands, quotes, keys that are none: nothing of it gets near the client."""
    assert Target(**GOOD).place == "sftp://perigee@vault.example:22/in/a box"
    with pytest.raises(ValidationError):
        Target(**{**GOOD, **changes})


@pytest.mark.row("B8")
def test_host_keys_are_taken_from_key_files_and_from_known_hosts_and_keys_without_passphrase_alone() -> None:
    """Both forms give the same fingerprint; a private key that is none says so and does not repeat it."""
    known = f"# a comment\n[vault.example]:2222 {HOST_KEY}\n"
    assert Target(**{**GOOD, "host_keys": known}).fingerprints == Target(**GOOD).fingerprints
    assert Target(**GOOD).fingerprints[0].startswith("SHA256:")
    with pytest.raises(InvalidInputError) as refused:
        read_key(b"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n")
    assert "c2VjcmV0" not in str(refused.value)
