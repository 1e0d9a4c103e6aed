"""Use cases of central's own TLS certificate (row S3.4 at central)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.services import refresh_tls
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.runtime import Central
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
    record(unit, None, WRITTEN[what], message, subject=subject)


ACTS: acts.TlsActs[Central] = acts.TlsActs(
    source="vendor",
    set_names=lambda server, _unit: list(server.settings.server.names),
    authorize=lambda unit: require(unit, Permission.VENDOR_MANAGE),
    record=_record,
    alerts=refresh_tls,
)
