"""Keeps what was set about central itself: with an event, the secret never in it (row C11.2)."""

from __future__ import annotations

from collections.abc import Sequence

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.settings.models import StoredSetting
from serverkit.db.unit import Unit
from serverkit.secrets_box import SecretBox
from serverkit.stored_settings import Stored, change_stored


def change(
    unit: Unit, name: str, value: Stored, box: SecretBox | None = None, secret: str | None = None
) -> Sequence[str]:
    """Keep what was set about a subject; `secret` None leaves that as it is, an empty one removes it."""
    require(unit, Permission.VENDOR_MANAGE)
    changed = change_stored(unit, StoredSetting, name, value, box, secret)
    if changed:
        message = f"settings of {name} changed: {', '.join(changed)}"
        record(unit, None, EventKind.SETTINGS_CHANGED, message, subject={"setting": name, "changed": changed})
    return changed
