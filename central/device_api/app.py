"""The lean WSGI application of the device protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from central.device_api.port import CentralPort
from central.domain.instances.devices import find_public
from central.runtime import Central
from chassis.actor import Actor, ActorKind
from chassis.db.group import GroupCommit, Stages
from chassis.db.unit import Unit
from chassis.web.health import Check, clock_check, disk_check, home_check
from chassis.web.messages import DeviceHttp
from exchange.device.desk import DeviceDesk, Draft, Opened, Reply
from exchange.device.edge import DeviceEdge, Message, handle_all
from exchange.device.openapi import describe
from exchange.keys import PublicKey
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def checks(made: Central) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(made.home),
        "home": lambda: home_check(made.home, made.state_elsewhere),
        "database": lambda: Check(made.database.is_alive(), "answers"),
        "clock": lambda: clock_check(made.clock),
        "keys": lambda: Check(made.keyring.response_key is not None, "can be read"),
    }


class _Group:
    """The messages of one unit of work."""

    def __init__(self, desk: DeviceDesk) -> None:
        """`desk` lives in the unit."""
        self._desk = desk

    def do(self, job: Opened) -> Draft:
        """Settle one message."""
        return self._desk.settle(job)

    def finish(self) -> None:
        """Nothing was held back."""


def make_app(made: Central) -> DeviceHttp:
    """The application; engines are opened here, in the worker."""

    def find_key(key_id: str) -> PublicKey | None:
        with made.database.read(_ACTOR) as unit:
            return find_public(unit, key_id)

    def begin(unit: Unit, _jobs: Sequence[Opened]) -> _Group:
        return _Group(DeviceDesk(CentralPort(unit, made.keyring), made.keyring.signer()))

    stages = Stages[Message, Opened, Draft, Reply](DeviceEdge(find_key).open, begin, Draft.reply)
    commit = GroupCommit(made.database, _ACTOR, stages, exclusive="counters")
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        handle_all=partial(handle_all, commit.do_all),
        checks=checks(made),
        openapi=json.dumps(describe("Perigee central")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=made.settings.server.failures_a_minute,
        most_at_once=made.settings.server.messages_at_once,
        now=made.clock.now,
    )
