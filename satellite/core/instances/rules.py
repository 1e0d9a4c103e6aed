"""What is said of a new device, and how its standbys are found (pure; rows C7.6, C7.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchange.device.bodies import RegisterBody
from exchange.identity import Udi
from satellite.core.activity.events import EventKind


def added_event(
    values: dict[str, Any], body: RegisterBody, virtual_account: str
) -> tuple[EventKind, str, dict[str, str]]:
    """Kind, sentence and subject of the event that tells of a new instance in the virtual account of this name."""
    kind = EventKind.INSTANCE_ADDED_STANDBYS if body.standbys else EventKind.INSTANCE_ADDED
    standbys = f" with standbys {', '.join(member.label for member in body.standbys)}" if body.standbys else ""
    name = body.hostname or body.udi.label
    subject = {"instance": values["id"], "pid": body.udi.pid, "serial": body.udi.serial}
    return kind, f"product instance {name} added to {virtual_account}{standbys}", subject


def standby_rows(instance_id: str, units: Sequence[Udi]) -> list[dict[str, str]]:
    """How standbys are found by their UDI."""
    return [{"instance_id": instance_id, "udi_key": udi.key} for udi in units]
