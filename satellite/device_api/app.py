"""The lean WSGI application of the device protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chassis.actor import SYSTEM, Actor, ActorKind
from chassis.web.health import Check, clock_check, disk_check
from chassis.web.messages import DeviceHttp
from chassis.web.wsgi import StartResponse
from exchange.device.desk import DeviceDesk, Signer
from exchange.device.openapi import describe
from exchange.device.rules import DEVICE_PROBLEMS
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from satellite.core.site.models import Site
from satellite.core.site.queries import site_of
from satellite.device_api.port import SatellitePort
from satellite.runtime import Satellite

_ACTOR = Actor(ActorKind.DEVICE, "device", "device")


def signer_of(made: Satellite, site: Site) -> Signer:
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
        "database": lambda: Check(made.database.is_alive(), "answers"),
        "clock": lambda: clock_check(made.clock),
        "keys": lambda: Check(made.keyring.exists, "can be read"),
        "set_up": lambda: _set_up(made),
    }


def make_app(made: Satellite) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """The application; engines are opened here, in the worker."""

    def handle(op: str, data: bytes) -> tuple[int, bytes | None, str | None, str, str]:
        with made.database.write(_ACTOR) as unit:
            site = site_of(unit)
            if site.epoch == 0:
                problem = DEVICE_PROBLEMS["not_ready"]
                return problem.status, None, "not_ready", problem.message, problem.remedy
            reply = DeviceDesk(SatellitePort(unit, made), signer_of(made, site)).handle(op, data)
        return reply.status, reply.answer, reply.code, reply.message, reply.remedy

    return DeviceHttp(
        operations=frozenset(DeviceOp),
        handle=handle,
        checks=checks(made),
        openapi=json.dumps(describe("Perigee satellite")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=made.settings.server.failures_a_minute,
        now=made.clock.now,
    )
