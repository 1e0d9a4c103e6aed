"""Use cases of the backups that a satellite makes itself (row S3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_backups
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.licences.queries import wrong_totals
from satellite.core.operations.models import Task
from satellite.core.settings import services as stored
from satellite.core.settings.models import StoredSetting
from satellite.core.site.queries import site_of
from satellite.keyring import KeyRing
from satellite.runtime import BACKUPS, HOMES, Satellite
from satellite.settings import SatelliteSettings
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
    """Verify the satellite of a scratch folder: its keys can be read, and what devices claim is what is counted."""
    database = HOMES.database_of(folder, SatelliteSettings(), None)
    try:
        with database.read(OPERATOR) as unit:
            site = site_of(unit)
            keyring = KeyRing(folder / "keys")
            keyring.check([site.identity_key_id, site.device_ca_key_id])
            return wrong_totals(unit)
    finally:
        database.dispose()


def identify(folder: Path) -> dict[str, str]:
    """Tell which satellite a scratch folder holds."""
    database = HOMES.database_of(folder, SatelliteSettings(), None)
    try:
        with database.read(OPERATOR) as unit:
            site = site_of(unit)
            return {"name": site.name, "id": site.satellite_id}
    finally:
        database.dispose()


def _describe(server: Satellite, unit: Unit) -> dict[str, str]:
    site = site_of(unit)
    fingerprint = server.keyring.key(site.identity_key_id).public.short
    return {"name": site.name, "id": site.satellite_id, "fingerprint": fingerprint}


def _record(unit: Unit, what: str, message: str, subject: Mapping[str, Any]) -> None:
    record(unit, WRITTEN[what], message, subject=subject)


ACTS: BackupActs[Satellite] = BackupActs(
    program="satellite",
    source="site",
    product=BACKUPS,
    settings=StoredSetting,
    tasks=Task,
    folder=lambda server: server.settings.backup.folder,
    owner=lambda _server, unit: site_of(unit).satellite_id,
    box=lambda server: server.keyring.box,
    authorize=lambda unit: require(unit, Permission.SITE_MANAGE),
    keep=stored.change,
    record=_record,
    alerts=refresh_backups,
    verify_scratch=verify_scratch,
    identify=identify,
    describe=_describe,
)
