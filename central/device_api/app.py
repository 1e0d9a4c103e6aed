"""The lean WSGI application of the device protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from central.device_api.port import CentralPort
from central.runtime import Central
from chassis.actor import Actor, ActorKind
from chassis.web.health import Check, clock_check, disk_check
from chassis.web.messages import DeviceHttp
from chassis.web.wsgi import StartResponse
from exchange.device.desk import DeviceDesk
from exchange.device.openapi import describe
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def checks(made: Central) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(made.home),
        "database": lambda: Check(made.database.is_alive(), "answers"),
        "clock": lambda: clock_check(made.clock),
        "keys": lambda: Check(made.keyring.response_key is not None, "can be read"),
    }


def make_app(made: Central) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """The application; engines are opened here, in the worker."""

    def handle(op: str, data: bytes) -> tuple[int, bytes | None, str | None, str, str]:
        with made.database.write(_ACTOR) as unit:
            reply = DeviceDesk(CentralPort(unit, made.keyring), made.keyring.signer()).handle(op, data)
        return reply.status, reply.answer, reply.code, reply.message, reply.remedy

    return DeviceHttp(
        operations=frozenset(DeviceOp),
        handle=handle,
        checks=checks(made),
        openapi=json.dumps(describe("Perigee central")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=made.settings.server.failures_a_minute,
        now=made.clock.now,
    )
