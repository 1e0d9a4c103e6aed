"""The lean WSGI application of the device protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chassis.actor import SYSTEM, Actor, ActorKind
from chassis.db.group import GroupCommit, Stages
from chassis.db.unit import Unit
from chassis.web.health import Check, clock_check, disk_check, home_check
from chassis.web.messages import DeviceHttp
from exchange.device.desk import DeviceDesk, Draft, Opened, Reply, plain_problem
from exchange.device.edge import DeviceEdge, Message, handle_all
from exchange.device.openapi import describe
from exchange.device.port import Signer
from exchange.keys import PublicKey
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from satellite.core.site.queries import SiteRow, site_of, site_row
from satellite.device_api.port import SatellitePort
from satellite.runtime import Satellite
from satellite.sync.facts import find_public
from satellite.sync.standing import Standing, read_standing

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def signer_of(made: Satellite, site: SiteRow) -> Signer:
    """How the satellite answers: by its identity key, with the certificates that vouch for it."""
    certificates = {
        "satellite": site.identity_certificate or b"",
        "device_ca": site.device_ca_certificate or b"",
    }
    key = made.keyring.key(site.identity_key_id)
    trust = made.keyring.trust
    return Signer(trust.root.vendor_id, site.satellite_id, key, certificates, trust)


def _set_up(made: Satellite) -> Check:
    with made.database.read(SYSTEM) as unit:
        site = site_of(unit)
        return Check(site.epoch > 0, "authorized" if site.epoch else "setup_required")


def checks(made: Satellite) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(made.home),
        "home": lambda: home_check(made.home, made.state_elsewhere),
        "database": lambda: Check(made.database.is_alive(), "answers"),
        "clock": lambda: clock_check(made.clock),
        "keys": lambda: Check(made.keyring.exists, "can be read"),
        "set_up": lambda: _set_up(made),
    }


class _Group:
    """The messages of one unit of work."""

    def __init__(self, port: SatellitePort, desk: DeviceDesk) -> None:
        """`port` holds back what is written for all messages at once."""
        self._port = port
        self._desk = desk

    def do(self, job: Opened) -> Draft:
        """Settle one message."""
        return self._desk.settle(job)

    def finish(self) -> None:
        """Write numbers, answers and contacts."""
        self._port.write()


class _NotReady:
    """A satellite that was not authorized yet says so."""

    def do(self, job: Opened) -> Draft:
        """Refuse one message."""
        del job
        return plain_problem("not_ready")

    def finish(self) -> None:
        """Nothing was held back."""


class _Groups:
    """Opens groups; keeps what central's last response left."""

    def __init__(self, made: Satellite) -> None:
        """`made` is this worker's."""
        self._made = made
        self._standing = Standing("")

    def begin(self, unit: Unit, jobs: Sequence[Opened]) -> _Group | _NotReady:
        """Look at the site once for all messages of the group."""
        site = site_row(unit)
        if self._standing.digest != site.applied_digest:
            self._standing = read_standing(unit, site.applied_digest)
        if site.epoch == 0:
            return _NotReady()
        port = SatellitePort(unit, self._made, site, self._standing, jobs)
        return _Group(port, DeviceDesk(port, signer_of(self._made, site)))


def make_app(made: Satellite) -> DeviceHttp:
    """The application; engines are opened here, in the worker."""

    def find_key(key_id: str) -> PublicKey | None:
        with made.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    stages = Stages[Message, Opened, Draft, Reply](DeviceEdge(find_key).open, _Groups(made).begin, Draft.reply)
    commit = GroupCommit(made.database, _ACTOR, stages, exclusive="counters")
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        handle_all=partial(handle_all, commit.do_all),
        checks=checks(made),
        openapi=json.dumps(describe("Perigee satellite")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=made.settings.server.failures_a_minute,
        most_at_once=made.settings.server.messages_at_once,
        now=made.clock.now,
    )
