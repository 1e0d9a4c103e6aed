"""The device protocol over HTTP: what becomes of a group of messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from exchange.device.backend import Signer
from exchange.device.openapi import describe
from exchange.device.request_processor import RefuseAll, RequestProcessor
from exchange.device.verifier import DeviceMessage, KnownKeys, handle_all
from exchange.keys import PublicKey
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from satellite.core.site.queries import SiteRow, site_of, site_row
from satellite.device_api.applied_lines import AppliedLines, read_applied_lines
from satellite.device_api.backend import SatelliteBackend
from satellite.device_api.device_rows import find_public
from satellite.keyring import KeyRing
from satellite.runtime import Satellite
from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.db.group import GroupCommit
from serverkit.db.unit import Unit
from serverkit.devices.health import Check, clock_check, database_check, disk_check, home_check
from serverkit.devices.messages import DeviceHttp
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


def _set_up(server: Satellite) -> Check:
    with server.database.read(SYSTEM) as unit:
        site = site_of(unit)
        finished = site.setup_finished_at is not None
        return Check(finished, "finished" if finished else "setup_required")


def _keys(server: Satellite) -> Check:
    with server.database.read(SYSTEM) as unit:
        site = site_of(unit)
        wanted = [site.identity_key_id, site.device_ca_key_id]
    return Check(KeyRing(server.keyring.folder).check(wanted) > 0, "can be read")


def checks(server: Satellite) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(server.home),
        "home": lambda: home_check(server.home, server.state_elsewhere),
        "database": lambda: database_check(server.database),
        "clock": lambda: clock_check(server.clock),
        "keys": lambda: _keys(server),
        "set_up": lambda: _set_up(server),
    }


class _Groups:
    """Opens groups; keeps what central's last response left."""

    def __init__(self, server: Satellite) -> None:
        """`server` is this worker's."""
        self._server = server
        self._applied = AppliedLines("")

    def begin(self, unit: Unit, group: Sequence[DeviceMessage]) -> RequestProcessor | RefuseAll:
        """Look at the site once for all messages of the group."""
        site = site_row(unit)
        if self._applied.digest != site.applied_digest:
            self._applied = read_applied_lines(unit, site.applied_digest)
        if site.setup_finished_at is None:
            return RefuseAll("setup_required")
        backend = SatelliteBackend(unit, self._server, site, self._applied, group)
        return RequestProcessor(backend, signer_of(self._server, site))


def make_app(server: Satellite) -> DeviceHttp[DeviceMessage]:
    """The application; engines are opened here, in the worker."""

    def find_key(key_id: str) -> PublicKey | None:
        with server.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    commit = GroupCommit(server.database, _ACTOR, _Groups(server).begin, turn_of=Lock.DEVICES)
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        received=DeviceMessage,
        handle_all=partial(handle_all, KnownKeys(find_key).find, commit.settle),
        checks=checks(server),
        openapi=json.dumps(describe("Perigee satellite")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=server.settings.server.failures_a_minute,
        most_at_once=server.settings.server.messages_at_once,
        now=server.clock.now,
    )
