"""The edge of devices: the device protocol over HTTP."""

from __future__ import annotations

import json

from exchange.device.message_handling import DeviceMessage
from exchange.device.openapi import describe
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from satellite.actions.readiness import checks
from satellite.device_api.message_groups import Groups
from satellite.runtime import Satellite
from serverkit.devices.messages import DeviceHttp


def make_app(server: Satellite) -> DeviceHttp[DeviceMessage]:
    """The application; engines are opened here, in the worker."""
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        received=DeviceMessage,
        handle_all=Groups(server).handle_all,
        checks=checks(server),
        openapi=json.dumps(describe("Perigee satellite")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=server.settings.server.failures_a_minute,
        most_at_once=server.settings.server.messages_at_once,
        now=server.clock.now,
    )
