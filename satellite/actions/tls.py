"""Use cases of the server's own TLS certificate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_tls as refresh
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.settings import services as stored
from satellite.core.settings.rules import NetworkNames
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.tls import requests
from serverkit.tls.errors import TlsPairError
from serverkit.tls.imports import examine_certificate, take_certificate
from serverkit.tls.names import asked_names, local_names, names_of, not_covered
from serverkit.tls.own import is_own, renew_own, reset_own
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there, read_key, read_pair
from serverkit.tls.upkeep import renew_at_start, renew_if_due
from serverkit.tls.watch import wanted_alerts


def refresh_tls(server: Satellite, unit: Unit) -> str:
    """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
    return renew_if_due(server.home, set_names(server, unit), "site", refresh, unit)


def refresh_tls_at_start(server: Satellite) -> None:
    """Do the same as a process begins to serve: the files may have changed while it was stopped."""
    renew_at_start(server.database, partial(refresh_tls, server))


def show_tls(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the TLS certificate: `state` is none, unusable (with `error`), own or foreign; times are aware."""
    folder = server.home / TLS
    waits = requests.describe_request(folder)
    if not is_there(folder / CERTIFICATE) and not is_there(folder / KEY):
        return {"state": "none", "waiting": waits}
    try:
        pair = read_pair(folder)
        pair.context()
    except TlsPairError as error:
        return {"state": "unusable", "error": error, "waiting": waits}
    asked = wanted_names(server, unit)
    return {
        "waiting": waits,
        "state": "own" if is_own(folder, pair) else "foreign",
        "fingerprint": pair.fingerprint,
        "key_fingerprint": pair.key_fingerprint,
        "issuer": pair.leaf.issuer.rfc4514_string(),
        "names": sorted(names_of(pair.leaf)),
        "lacking": not_covered(pair.leaf, asked),
        "begins_at": pair.leaf.not_valid_before_utc,
        "ends_at": min(one.not_valid_after_utc for one in pair.chain),
    }


def propose_names(server: Satellite, unit: Unit) -> list[str]:
    """List the names and addresses that a certificate should have: set ones, those that devices use, the machine's."""
    require(unit, Permission.SITE_MANAGE)
    own = [name for name in local_names() if name not in {"localhost", "127.0.0.1", "::1"}]
    return [*dict.fromkeys([*wanted_names(server, unit), *own])][: requests.MOST_NAMES]


def request_certificate(server: Satellite, unit: Unit, names: Sequence[str], organization: str = "") -> bytes:
    """Make a certificate request in PEM form; the private key stays here and waits. One that waits is used again."""
    require(unit, Permission.SITE_MANAGE)
    made = requests.request_certificate(server.home / TLS, names, organization)
    plain = requests.check_names(names)
    record(unit, EventKind.TLS_REQUESTED, f"certificate requested for {', '.join(plain)}", subject={"names": plain})
    return made


def read_certificate_request(server: Satellite, unit: Unit) -> bytes:
    """Read the certificate request once more; TlsNothingWaitsError."""
    require(unit, Permission.SITE_MANAGE)
    return requests.waiting_request(server.home / TLS)


def discard_certificate_request(server: Satellite, unit: Unit) -> None:
    """Remove the private key that waits for its certificate, and the request; TlsNothingWaitsError."""
    require(unit, Permission.SITE_MANAGE)
    requests.discard_request(server.home / TLS)
    record(unit, EventKind.TLS_DISCARDED, "certificate request and its private key removed")


def check_certificate(server: Satellite, unit: Unit, data: bytes, key: Path | None = None) -> dict[str, Any]:
    """Examine a certificate and shake hands with it on a private port; nothing is changed."""
    require(unit, Permission.SITE_MANAGE)
    private = read_key(key) if key is not None else None
    return examine_certificate(server.home / TLS, data, unit.now, wanted_names(server, unit), private).to_dict()


def import_certificate(server: Satellite, unit: Unit, data: bytes, key: Path | None = None) -> dict[str, Any]:
    """Examine a certificate and take it; running processes load it within seconds. TlsCertificateRefusedError."""
    require(unit, Permission.SITE_MANAGE)
    folder, private = server.home / TLS, read_key(key) if key is not None else None
    found = take_certificate(folder, data, unit.now, wanted_names(server, unit), private).to_dict()
    subject = {"fingerprint": found["fingerprint"], "names": found["names"]}
    record(unit, EventKind.TLS_IMPORTED, f"TLS certificate of {found['issuer']} imported", subject=subject)
    _refresh(server, unit)
    return found


def renew_own_certificate(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Renew the certificate that the server made itself, with the same key; TlsNotOwnError."""
    require(unit, Permission.SITE_MANAGE)
    pair = renew_own(server.home / TLS, unit.now, wanted_names(server, unit))
    record(unit, EventKind.TLS_RENEWED, "own TLS certificate renewed", subject={"fingerprint": pair.fingerprint})
    _refresh(server, unit)
    return show_tls(server, unit)


def reset_certificate(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Make a new key and an own certificate in place of what is in use, imported or damaged too; TlsKeyWaitsError."""
    require(unit, Permission.SITE_MANAGE)
    pair = reset_own(server.home / TLS, unit.now, wanted_names(server, unit))
    message = "TLS certificate reset: the server made a new key and certificate"
    record(unit, EventKind.TLS_RESET, message, subject={"fingerprint": pair.fingerprint})
    _refresh(server, unit)
    return show_tls(server, unit)


def wanted_names(server: Satellite, unit: Unit) -> list[str]:
    """List the names that a certificate has to cover: set ones, and those that devices use."""
    return [*dict.fromkeys([*set_names(server, unit), *asked_names(server.home / TLS, unit.now)])]


def set_names(server: Satellite, unit: Unit) -> list[str]:
    """List the names that are set, in the file and on the page of the network."""
    return [*server.settings.server.names, *stored.read(unit, stored.NETWORK, NetworkNames).names]


def _refresh(server: Satellite, unit: Unit) -> None:
    refresh(unit, wanted_alerts(server.home / TLS, unit.now, set_names(server, unit), "site"))
