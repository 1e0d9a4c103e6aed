"""The device protocol over HTTP: what becomes of a group of messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from central.device_api.backend import CentralBackend
from central.domain.instances.devices import find_public
from central.keyring import KeyRing
from central.runtime import Central
from exchange.device.openapi import describe
from exchange.device.request_processor import RequestProcessor
from exchange.device.verifier import DeviceMessage, KnownKeys, handle_all
from exchange.keys import PublicKey
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from serverkit.actor import Actor, ActorKind
from serverkit.db.group import GroupCommit
from serverkit.db.unit import Unit
from serverkit.devices.health import Check, clock_check, database_check, disk_check, home_check
from serverkit.devices.messages import DeviceHttp
from serverkit.locks import Lock

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def checks(server: Central) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(server.home),
        "home": lambda: home_check(server.home, server.state_elsewhere),
        "database": lambda: database_check(server.database),
        "clock": lambda: clock_check(server.clock),
        "keys": lambda: Check(KeyRing(server.keyring.folder).check() > 0, "can be read"),
    }


def make_app(server: Central) -> DeviceHttp[DeviceMessage]:
    """The application; engines are opened here, in the worker."""

    def find_key(key_id: str) -> PublicKey | None:
        with server.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    def begin(unit: Unit, _group: Sequence[DeviceMessage]) -> RequestProcessor:
        return RequestProcessor(CentralBackend(unit, server.keyring), server.keyring.signer())

    commit = GroupCommit(server.database, _ACTOR, begin, turn_of=Lock.DEVICES)
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        received=DeviceMessage,
        handle_all=partial(handle_all, KnownKeys(find_key).find, commit.settle),
        checks=checks(server),
        openapi=json.dumps(describe("Perigee central")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=server.settings.server.failures_a_minute,
        most_at_once=server.settings.server.messages_at_once,
        now=server.clock.now,
    )
