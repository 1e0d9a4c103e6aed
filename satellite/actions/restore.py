"""Use cases of a restore in place of the set-up: who may send a backup, and the restore itself (rows S1.1, S2.6).

The set-up code is taken first. It gives a permit, which holds for this code, for half an hour, and while there is no
administrator: only with it a large body is received, so that an unknown caller cannot fill the disk of a new machine.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from satellite.actions.setup import first_user, needs_administrator
from satellite.core.site.errors import RestoreNotPermittedError, SetupFinishedError
from satellite.core.site.queries import site_of
from satellite.runtime import BACKUPS, Satellite, settle_restore
from serverkit.actor import SYSTEM
from serverkit.backup.container import passphrase_bytes
from serverkit.backup.service import restore_backup
from serverkit.backup.swap import restore_waits
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import DiskFullError
from serverkit.secrets_box import SecretUnreadableError
from serverkit.storage import free_bytes
from serverkit.users.errors import AdministratorExistsError, SetupCodeRefusedError
from serverkit.users.tables import Browser

PERMIT_FOR = timedelta(minutes=30)
"""How long a permit lets an upload begin; one that has begun may take longer."""
ROOM = 3
"""What is received, the file of the form, and what is unpacked are beside each other for a moment."""
_PURPOSE = "restore"


def permit_restore(server: Satellite, code: str, browser: Browser) -> str:
    """Take the set-up code; the permit to send a backup.

    AdministratorExistsError, SetupFinishedError where this satellite is in use, SetupCodeRefusedError, TooManyTriesError.
    """
    first = first_user(server)
    first.require_try(browser)

    def check(unit: Unit) -> str | None:
        if not first.takes(unit, code, browser):
            return None
        site = site_of(unit)
        if site.setup_finished_at is not None:
            raise SetupFinishedError
        said = {"for": _PURPOSE, "code": site.setup_code_hash, "until": iso(unit.now + PERMIT_FOR)}
        return server.keyring.box.encrypt(json.dumps(said))

    found = server.database.run(SYSTEM, check)
    if found is None:
        raise SetupCodeRefusedError
    return found


def is_permitted(server: Satellite, unit: Unit, permit: str, *, begun: bool = False) -> bool:
    """Whether a permit holds now; for an upload that has `begun` its time does not count."""
    said: Any = None
    with suppress(SecretUnreadableError, ValueError):
        said = json.loads(server.keyring.box.decrypt(permit))
    site = site_of(unit)
    if not isinstance(said, dict) or said.get("for") != _PURPOSE or not site.setup_code_hash:
        return False
    in_time = begun or unit.now < datetime.fromisoformat(said["until"])
    return in_time and said["code"] == site.setup_code_hash and site.setup_finished_at is None


def require_permit(server: Satellite, permit: str, *, size: int | None = None, begun: bool = False) -> None:
    """Refuse a backup before it is received, and again before it is looked at.

    `size` is what was announced, in bytes. AdministratorExistsError, RestoreNotPermittedError, DiskFullError.
    """
    with server.database.read(SYSTEM) as unit:
        if not needs_administrator(unit):
            raise AdministratorExistsError
        if not is_permitted(server, unit, permit, begun=begun):
            raise RestoreNotPermittedError
    if size is not None and not begun and (free := free_bytes(server.home)) < size * ROOM:
        raise DiskFullError("{needed} bytes are needed to restore this; {free} are free", needed=size * ROOM, free=free)


def restore_instead(server: Satellite, permit: str, file: Path | BinaryIO, passphrase: str) -> dict[str, Any]:
    """Restore a backup in place of the set-up; the server has to start again to come up with it.

    The backup is verified whole before anything is decided. The refusals of `require_permit` and of the backup, for which
    everything stays as it is.
    """
    require_permit(server, permit, begun=True)
    found = restore_backup(
        BACKUPS, server.home, file, passphrase_bytes(passphrase), settle_restore,
        replace=True, serving=True,
    )  # fmt: skip
    return {**found, "restart_needed": True}


def awaits_restart(server: Satellite) -> bool:
    """Whether a backup was restored, and the server has to start again to come up with it."""
    return restore_waits(server.home)
