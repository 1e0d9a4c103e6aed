"""Use cases of a server's own TLS certificate: show, request, check, import, renew, reset (row S3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from serverkit.alerts.engine import Wanted
from serverkit.db.unit import Database, Unit
from serverkit.tls import requests
from serverkit.tls.errors import TlsPairError
from serverkit.tls.imports import examine_certificate, take_certificate
from serverkit.tls.names import asked_names, local_names, names_of, not_covered
from serverkit.tls.own import is_own, renew_own, reset_own
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there, read_key, read_pair
from serverkit.tls.upkeep import renew_at_start, renew_if_due
from serverkit.tls.watch import wanted_alerts

REQUESTED, DISCARDED, IMPORTED, RENEWED, RESET = "requested", "discarded", "imported", "renewed", "reset"
"""The events."""


class Secured(Protocol):
    """What the certificate needs of a server."""

    @property
    def home(self) -> Path:
        """Its home, which has the folder `tls`."""
        ...

    @property
    def database(self) -> Database:
        """Its database."""
        ...


S = TypeVar("S", bound=Secured)


@dataclass(frozen=True)
class TlsActs(Generic[S]):
    """Use cases of one server.

    `source` is the place that its alerts name, `set_names` the names that are set for it. `authorize` refuses who may not
    change the certificate, `record` writes an event: what happened, the words, the subject. `alerts` makes the alerts about
    the certificate true.
    """

    source: str
    set_names: Callable[[S, Unit], list[str]]
    authorize: Callable[[Unit], None]
    record: Callable[[Unit, str, str, Mapping[str, Any]], None]
    alerts: Callable[[Unit, Iterable[Wanted]], None]

    def refresh(self, server: S, unit: Unit) -> str:
        """Renew the own certificate if it is due, and refresh the alerts about it; the result of the job."""
        return renew_if_due(server.home, self.set_names(server, unit), self.source, self.alerts, unit)

    def refresh_at_start(self, server: S) -> None:
        """Do the same as a process begins to serve: the files may have changed while it was stopped."""
        renew_at_start(server.database, partial(self.refresh, server))

    def show(self, server: S, unit: Unit) -> dict[str, Any]:
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
        asked = self.wanted_names(server, unit)
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

    def propose_names(self, server: S, unit: Unit) -> list[str]:
        """List the names and addresses that a certificate should have: set ones, those that devices use, the machine's."""
        self.authorize(unit)
        own = [name for name in local_names() if name not in {"localhost", "127.0.0.1", "::1"}]
        return [*dict.fromkeys([*self.wanted_names(server, unit), *own])][: requests.MOST_NAMES]

    def request(self, server: S, unit: Unit, names: Sequence[str], organization: str = "") -> bytes:
        """Make a certificate request in PEM form; the private key stays here and waits. One that waits is used again."""
        self.authorize(unit)
        made = requests.request_certificate(server.home / TLS, names, organization)
        plain = requests.check_names(names)
        self.record(unit, REQUESTED, f"certificate requested for {', '.join(plain)}", {"names": plain})
        return made

    def read_request(self, server: S, unit: Unit) -> bytes:
        """Read the certificate request once more; TlsNothingWaitsError."""
        self.authorize(unit)
        return requests.waiting_request(server.home / TLS)

    def discard_request(self, server: S, unit: Unit) -> None:
        """Remove the private key that waits for its certificate, and the request; TlsNothingWaitsError."""
        self.authorize(unit)
        requests.discard_request(server.home / TLS)
        self.record(unit, DISCARDED, "certificate request and its private key removed", {})

    def check(self, server: S, unit: Unit, data: bytes, key: Path | None = None) -> dict[str, Any]:
        """Examine a certificate and shake hands with it on a private port; nothing is changed."""
        self.authorize(unit)
        private = read_key(key) if key is not None else None
        return examine_certificate(
            server.home / TLS, data, unit.now, self.wanted_names(server, unit), private
        ).to_dict()

    def take(self, server: S, unit: Unit, data: bytes, key: Path | None = None) -> dict[str, Any]:
        """Examine a certificate and take it; running processes load it within seconds. TlsCertificateRefusedError."""
        self.authorize(unit)
        folder, private = server.home / TLS, read_key(key) if key is not None else None
        found = take_certificate(folder, data, unit.now, self.wanted_names(server, unit), private).to_dict()
        subject = {"fingerprint": found["fingerprint"], "names": found["names"]}
        self.record(unit, IMPORTED, f"TLS certificate of {found['issuer']} imported", subject)
        self._refresh(server, unit)
        return found

    def renew(self, server: S, unit: Unit) -> dict[str, Any]:
        """Renew the certificate that the server made itself, with the same key; TlsNotOwnError."""
        self.authorize(unit)
        pair = renew_own(server.home / TLS, unit.now, self.wanted_names(server, unit))
        self.record(unit, RENEWED, "own TLS certificate renewed", {"fingerprint": pair.fingerprint})
        self._refresh(server, unit)
        return self.show(server, unit)

    def reset(self, server: S, unit: Unit) -> dict[str, Any]:
        """Make a new key and an own certificate in place of what is in use, imported or damaged too; TlsKeyWaitsError."""
        self.authorize(unit)
        pair = reset_own(server.home / TLS, unit.now, self.wanted_names(server, unit))
        message = "TLS certificate reset: the server made a new key and certificate"
        self.record(unit, RESET, message, {"fingerprint": pair.fingerprint})
        self._refresh(server, unit)
        return self.show(server, unit)

    def wanted_names(self, server: S, unit: Unit) -> list[str]:
        """List the names that a certificate has to cover: set ones, and those that devices use."""
        return [*dict.fromkeys([*self.set_names(server, unit), *asked_names(server.home / TLS, unit.now)])]

    def _refresh(self, server: S, unit: Unit) -> None:
        names = self.set_names(server, unit)
        self.alerts(unit, wanted_alerts(server.home / TLS, unit.now, names, self.source))
