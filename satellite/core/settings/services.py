"""Settings of the site that pages and commands change: kept with an event, the secret never in it (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.settings.models import StoredSetting
from serverkit import stored_settings as store
from serverkit.db.unit import Unit
from serverkit.secrets_box import SecretBox
from serverkit.stored_settings import Stored, T

BACKUP, MAIL, SYSLOG, BANNER, NETWORK = "backup", "mail", "syslog", "banner", "network"


def read(unit: Unit, name: str, model: type[T]) -> T:
    """What is set about a subject, or its defaults."""
    return store.read_stored(unit, StoredSetting, name, model)


def change(
    unit: Unit, name: str, value: Stored, box: SecretBox | None = None, secret: str | None = None
) -> Sequence[str]:
    """Keep what was set about a subject; `secret` None leaves that as it is, an empty one removes it."""
    require(unit, Permission.SITE_MANAGE)
    changed = store.change_stored(unit, StoredSetting, name, value, box, secret)
    if changed:
        message = f"settings of {name} changed: {', '.join(changed)}"
        record(unit, EventKind.SETTINGS_CHANGED, message, subject={"setting": name, "changed": changed})
    return changed


def keep(unit: Unit, name: str, value: Stored) -> None:
    """Keep what a job remembers about a subject, without an event."""
    store.write_stored(unit, StoredSetting, name, value)


def secret_of(unit: Unit, name: str, box: SecretBox) -> str:
    """The secret of a subject; empty where there is none."""
    return store.read_secret(unit, StoredSetting, name, box)


def has_secret(unit: Unit, name: str) -> bool:
    """Whether a subject has a secret."""
    return store.has_secret(unit, StoredSetting, name)
