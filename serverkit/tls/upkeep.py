"""Keep the server's own TLS certificate valid, and the alerts about it true: as a job, and when a process starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from serverkit.actor import SYSTEM
from serverkit.alerts.engine import Wanted
from serverkit.db.unit import Database, DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.log import get_logger
from serverkit.tls.names import asked_names
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there
from serverkit.tls.watch import wanted_alerts

Refresh = Callable[[Unit, Iterable[Wanted]], None]


def renew_if_due(home: Path, names: Sequence[str], scope: str, refresh: Refresh, unit: Unit) -> str:
    """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
    folder, done = home / TLS, "no own certificate"
    if is_there(folder / CERTIFICATE) or is_there(folder / KEY):
        try:
            done = ensure_pair(folder, unit.now, [*names, *asked_names(folder, unit.now)])
        except AppError as error:
            done = error.message
    refresh(unit, wanted_alerts(folder, unit.now, names, scope))
    return done


def renew_at_start(database: Database, renew: Callable[[Unit], str]) -> None:
    """Do the same as a process begins to serve: the files may have changed while it was stopped."""
    try:
        database.run(SYSTEM, renew)
    except (AppError, DatabaseFailure) as error:  # the job repeats it; devices are answered in the meantime
        get_logger().warning("tls_alerts_later", cause=type(error).__name__)
