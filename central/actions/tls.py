"""Use cases of the server's own TLS certificate."""

from __future__ import annotations

from functools import partial

from central.domain.alerts.services import refresh_tls as refresh
from central.runtime import Central
from serverkit.db.unit import Unit
from serverkit.tls.upkeep import renew_at_start, renew_if_due


def refresh_tls(server: Central, unit: Unit) -> str:
    """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
    return renew_if_due(server.home, server.settings.server.names, "vendor", refresh, unit)


def refresh_tls_at_start(server: Central) -> None:
    """Do the same as a process begins to serve: the files may have changed while it was stopped."""
    renew_at_start(server.database, partial(refresh_tls, server))
