"""Use cases of the server's own TLS certificate."""

from __future__ import annotations

from functools import partial

from satellite.core.alerts.services import refresh_tls as refresh
from satellite.runtime import Satellite
from serverkit.actor import SYSTEM
from serverkit.db.unit import DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.log import get_logger
from serverkit.tls.names import asked_names
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there
from serverkit.tls.watch import wanted_alerts


def refresh_tls(server: Satellite, unit: Unit) -> str:
    """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
    folder, names = server.home / TLS, server.settings.server.names
    done = "no own certificate"
    if is_there(folder / CERTIFICATE) or is_there(folder / KEY):
        try:
            done = ensure_pair(folder, unit.now, [*names, *asked_names(folder, unit.now)])
        except AppError as error:
            done = error.message
    refresh(unit, wanted_alerts(folder, unit.now, names, "site"))
    return done


def refresh_tls_at_start(server: Satellite) -> None:
    """Do the same as a process begins to serve: the files may have changed while it was stopped."""
    try:
        server.database.run(SYSTEM, partial(refresh_tls, server))
    except (AppError, DatabaseFailure) as error:  # the job repeats it; devices are answered in the meantime
        get_logger().warning("tls_alerts_later", cause=type(error).__name__)
