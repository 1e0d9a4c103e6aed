"""Groups of messages at a satellite: what each group starts from, and how it is settled (rows S4.1–S4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from exchange.device.backend import Signer
from exchange.device.message_handling import DeviceMessage, KnownKeys, handle_all
from exchange.device.request_processor import RefuseAll, RequestProcessor
from exchange.keys import PublicKey
from satellite.core.site.queries import SiteRow, site_row
from satellite.device_api.applied_lines import AppliedLines, read_applied_lines
from satellite.device_api.backend import SatelliteBackend
from satellite.device_api.device_rows import find_public
from satellite.runtime import Satellite
from serverkit.actor import Actor, ActorKind
from serverkit.db.group import GroupCommit
from serverkit.db.unit import Unit
from serverkit.locks import Lock

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def signer_of(server: Satellite, site: SiteRow) -> Signer:
    """How the satellite answers: by its identity key, with the certificates that vouch for it."""
    certificates = {
        "satellite": site.identity_certificate or b"",
        "device_ca": site.device_ca_certificate or b"",
    }
    key = server.keyring.key(site.identity_key_id)
    trust = server.keyring.trust
    return Signer(trust.root.vendor_id, site.satellite_id, key, certificates, trust)


class Groups:
    """Settles groups; keeps the keys that it has seen, and what central's last response left."""

    def __init__(self, server: Satellite) -> None:
        """`server` is this worker's."""
        self._server = server
        self._applied = AppliedLines("")
        commit = GroupCommit(server.database, _ACTOR, self._begin, turn_of=Lock.DEVICES)
        self.handle_all = partial(handle_all, KnownKeys(self._find_key).find, commit.settle)
        """Verify, settle and sign a group of messages."""

    def _find_key(self, key_id: str) -> PublicKey | None:
        with self._server.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    def _begin(self, unit: Unit, group: Sequence[DeviceMessage]) -> RequestProcessor | RefuseAll:
        site = site_row(unit)  # once for all messages of the group
        if self._applied.digest != site.applied_digest:
            self._applied = read_applied_lines(unit, site.applied_digest)
        if site.setup_finished_at is None:
            return RefuseAll("setup_required")
        backend = SatelliteBackend(unit, self._server, site, self._applied, group)
        return RequestProcessor(backend, signer_of(self._server, site))
