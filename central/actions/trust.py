"""Use cases of trust: setting central up, root keys, role keys (rows E1, E2)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from central.anchor import Reached
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.credentials.people import renew_setup_code
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.trust import services
from central.keyring import KeyRing
from central.runtime import HOMES, assemble, note_here, refuse_other_home
from exchange.canonical import digest
from exchange.trust import Trust
from exchange.vocabulary import Role
from serverkit.actor import OPERATOR
from serverkit.clock import LAB_FILE, iso, make_lab
from serverkit.db.unit import Unit
from serverkit.files import write_atomic
from serverkit.founding import removed_on_failure, write_files_first
from serverkit.locks import Lock, on_database
from serverkit.names import check_name
from serverkit.owner import refuse_state
from serverkit.users.first import SETUP_CODE


def set_up_central(
    home: Path, vendor: str, root_keys: Path, passphrase_file: Path | None = None, *, lab: bool = False
) -> dict[str, Any]:
    """Create keys, root and database of a new central; a failure leaves nothing behind.

    Without a passphrase file a passphrase is generated beside the root keys.
    """
    check_name("vendor", vendor)
    refuse_state(root_keys, home)
    given = services.read_passphrase(passphrase_file) if passphrase_file else None
    with (
        HOMES.new_home(home),
        services.new_root_folder(root_keys),
        ExitStack() as held,
        removed_on_failure(home, LAB_FILE, SETUP_CODE, f"{HOMES.database}*"),
    ):
        passphrase = given or services.make_passphrase(root_keys)
        if lab:
            make_lab(home)
        server = assemble(home)
        held.callback(server.database.dispose)
        held.enter_context(on_database(server.database.engine, Lock.FOUNDING))
        HOMES.migrate(server.database)
        refuse_other_home(server, None)
        server.anchor.write(Reached())
        now = server.clock.now()
        trust = services.create_trust(server.keyring, vendor, root_keys, passphrase, now, lab=lab)
        with server.database.write(OPERATOR) as unit:
            subject = {"lab": lab, "vendor_id": trust.root.vendor_id}
            record(unit, None, EventKind.VENDOR_CREATED, f"central of {vendor} set up", subject=subject)
            setup_code = renew_setup_code(unit, home)
            write_files_first(unit)
    note_here(server)
    server.database.dispose()
    return {
        "id": trust.root.vendor_id,
        "home": str(home),
        "root_keys": str(root_keys),
        "passphrase_file": None if given else str(passphrase.file),
        "setup_code": setup_code,
        **_described(trust),
    }


def show_trust(unit: Unit, keyring: KeyRing) -> dict[str, Any]:
    """Show the root in force and its keys: ends and states, no secrets."""
    require(unit, Permission.TRUST_MANAGE)
    return {**_described(keyring.trust), "root_keys": len(keyring.trust.root.root_keys)}


def export_root(keyring: KeyRing) -> bytes:
    """The root document in force. It is public: satellites and devices are created with it."""
    return keyring.trust.document + b"\n"


def write_root(keyring: KeyRing, file: Path) -> dict[str, Any]:
    """Write the root document in force to a file."""
    data = export_root(keyring)
    write_atomic(file, data, mode=0o644)
    return {"path": str(file), "sha256": digest(data), **_described(keyring.trust)}


def rotate_root(unit: Unit, keyring: KeyRing, root_keys: Path, passphrase_file: Path | None = None) -> dict[str, Any]:
    """Replace the root keys; the old and the new ones sign the change."""
    require(unit, Permission.TRUST_MANAGE)
    passphrase = services.read_passphrase(passphrase_file or root_keys / services.PASSPHRASE_FILE)
    trust = services.rotate_root(keyring, root_keys, passphrase, unit.now)
    record(unit, None, EventKind.ROOT_ROTATED, f"root {trust.root.version} is in force")
    return _described(trust)


def replace_role_key(
    unit: Unit, keyring: KeyRing, role: str, root_keys: Path, passphrase_file: Path | None = None, *, revoke: bool
) -> dict[str, Any]:
    """Replace the key of a role; what the old one signed stays valid unless it is revoked."""
    require(unit, Permission.TRUST_MANAGE)
    passphrase = services.read_passphrase(passphrase_file or root_keys / services.PASSPHRASE_FILE)
    trust = services.replace_role_key(keyring, Role(role), root_keys, passphrase, unit.now, revoke=revoke)
    message = f"the {role} key was replaced" + (" and the old one revoked" if revoke else "")
    record(unit, None, EventKind.ROLE_KEY_REPLACED, message, subject={"role": role, "revoked": revoke})
    return _described(trust)


def _described(trust: Trust) -> dict[str, Any]:
    root = trust.root
    return {
        "vendor_id": root.vendor_id,
        "vendor": root.vendor_name,
        "root_version": root.version,
        "root_expires": iso(root.expires),
        "lab": root.lab,
        "role_keys": [
            {
                "role": key.role.value,
                "key_id": key.key.key_id,
                "state": key.state.value,
                "not_after": iso(key.not_after),
            }
            for key in root.role_keys
        ],
    }
