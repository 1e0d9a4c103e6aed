"""Use cases of a satellite's own TLS certificate (row S3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_tls
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.settings import services as stored
from satellite.core.settings.rules import NetworkNames
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.tls import acts

WRITTEN = {
    acts.REQUESTED: EventKind.TLS_REQUESTED,
    acts.DISCARDED: EventKind.TLS_DISCARDED,
    acts.IMPORTED: EventKind.TLS_IMPORTED,
    acts.RENEWED: EventKind.TLS_RENEWED,
    acts.RESET: EventKind.TLS_RESET,
}


def _record(unit: Unit, what: str, message: str, subject: Mapping[str, Any]) -> None:
    record(unit, WRITTEN[what], message, subject=subject)


def _set_names(server: Satellite, unit: Unit) -> list[str]:
    """The names that are set, in the file and on the page of the network."""
    return [*server.settings.server.names, *stored.read(unit, stored.NETWORK, NetworkNames).names]


ACTS: acts.TlsActs[Satellite] = acts.TlsActs(
    source="site",
    set_names=_set_names,
    authorize=lambda unit: require(unit, Permission.SITE_MANAGE),
    record=_record,
    alerts=refresh_tls,
)
