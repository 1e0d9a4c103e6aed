"""Use cases of the backups that central makes itself (rows S3.4 and B8 at central)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from central.actions.licences import verify_ledger
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.services import refresh_backups
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.models import Task
from central.domain.settings.models import StoredSetting
from central.domain.settings.services import change
from central.keyring import KeyRing
from central.runtime import BACKUPS, HOMES, Central
from central.settings import CentralSettings
from serverkit.actor import OPERATOR
from serverkit.backup import ports
from serverkit.backup.acts import BackupActs
from serverkit.db.unit import Unit

WRITTEN = {
    ports.MADE: EventKind.BACKUP_MADE,
    ports.REMOVED: EventKind.BACKUP_REMOVED,
    ports.COPIED: EventKind.BACKUP_COPIED,
    ports.REHEARSED: EventKind.BACKUP_REHEARSED,
    ports.SEALED: EventKind.BACKUP_KEY_SEALED,
}


def verify_scratch(folder: Path) -> list[str]:
    """Verify the central of a scratch folder: its keys can be read, and every holding follows from the postings."""
    database = HOMES.database_of(folder, CentralSettings(), None)
    try:
        KeyRing(folder / "keys").check()
        with database.read(OPERATOR) as unit:
            return [str(one) for one in verify_ledger(unit)["findings"]]
    finally:
        database.dispose()


def identify(folder: Path) -> dict[str, str]:
    """Tell which central a scratch folder holds."""
    root = KeyRing(folder / "keys").trust.root
    return {"name": root.vendor_name, "id": root.vendor_id}


def _describe(server: Central, _unit: Unit) -> dict[str, str]:
    root, key = server.keyring.trust.root, server.keyring.response_key.public
    return {"name": root.vendor_name, "id": root.vendor_id, "fingerprint": key.short}


def _record(unit: Unit, what: str, message: str, subject: Mapping[str, Any]) -> None:
    record(unit, None, WRITTEN[what], message, subject=subject)


ACTS: BackupActs[Central] = BackupActs(
    program="central",
    source="vendor",
    product=BACKUPS,
    settings=StoredSetting,
    tasks=Task,
    folder=lambda server: server.settings.backup.folder,
    owner=lambda server, _unit: server.keyring.vendor_id,
    box=lambda server: server.keyring.box,
    authorize=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    keep=change,
    record=_record,
    alerts=refresh_backups,
    verify_scratch=verify_scratch,
    identify=identify,
    describe=_describe,
)
