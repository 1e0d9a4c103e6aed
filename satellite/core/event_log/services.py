"""Record events in the transaction of the change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import QUIET, SITE, EventKind
from satellite.core.event_log.models import Event
from serverkit.db.unit import Unit
from serverkit.ids import new_id

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def record(
    unit: Unit,
    kind: EventKind,
    message: str,
    *,
    subject: Mapping[str, Any] | None = None,
    instance_id: str | None = None,
    virtual_account_id: str | None = None,
) -> Event:
    """Record an event with the time and actor of the unit."""
    if kind not in QUIET:
        unit.touched.add(SITE)  # an event has the alerts refreshed before the commit
    event = Event(
        id=new_id(),
        number=next_change(unit),
        at=unit.now,
        kind=kind,
        actor=_carried(unit.actor.label),
        message=_carried(message),
        subject=_carried(dict(subject or {})),
        instance_id=instance_id,
        virtual_account_id=virtual_account_id,
    )
    unit.session.add(event)
    return event


def event_row(unit: Unit, kind: EventKind, message: str, subject: Mapping[str, Any]) -> dict[str, Any]:
    """An event as a plain row, for writing many at once; the writer adds its number and whom it is about."""
    return {
        "id": new_id(),
        "at": unit.now,
        "kind": kind.value,
        "actor": _carried(unit.actor.label),
        "message": _carried(message),
        "subject": _carried(dict(subject)),
    }


def _carried(value: Any) -> Any:
    """A value as a file to central holds it: one text from a certificate or a server would keep the site from synchronizing.

    Letters are composed (NFC), and what is a control character is replaced by U+FFFD.
    """
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return value
        return _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", value))
    if isinstance(value, Mapping):
        return {name: _carried(member) for name, member in value.items()}
    return [_carried(member) for member in value] if isinstance(value, (list, tuple)) else value
