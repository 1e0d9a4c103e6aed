"""Use cases of the server's own TLS certificate."""

from __future__ import annotations

from functools import partial
from typing import Any

from satellite.core.alerts.services import refresh_tls as refresh
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.tls.errors import TlsPairError
from serverkit.tls.names import asked_names, names_of, not_covered
from serverkit.tls.own import is_own
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there, read_pair
from serverkit.tls.upkeep import renew_at_start, renew_if_due


def refresh_tls(server: Satellite, unit: Unit) -> str:
    """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
    return renew_if_due(server.home, server.settings.server.names, "site", refresh, unit)


def refresh_tls_at_start(server: Satellite) -> None:
    """Do the same as a process begins to serve: the files may have changed while it was stopped."""
    renew_at_start(server.database, partial(refresh_tls, server))


def show_tls(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the TLS certificate: `state` is none, unusable (with `error`), own or foreign; times are aware."""
    folder = server.home / TLS
    if not is_there(folder / CERTIFICATE) and not is_there(folder / KEY):
        return {"state": "none"}
    try:
        pair = read_pair(folder)
        pair.context()
    except TlsPairError as error:
        return {"state": "unusable", "error": error}
    asked = [*server.settings.server.names, *asked_names(folder, unit.now)]
    return {
        "state": "own" if is_own(folder, pair) else "foreign",
        "fingerprint": pair.fingerprint,
        "key_fingerprint": pair.key_fingerprint,
        "issuer": pair.leaf.issuer.rfc4514_string(),
        "names": sorted(names_of(pair.leaf)),
        "lacking": not_covered(pair.leaf, asked),
        "begins_at": pair.leaf.not_valid_before_utc,
        "ends_at": min(one.not_valid_after_utc for one in pair.chain),
    }
