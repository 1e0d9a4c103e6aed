"""The edge of devices: the device protocol over HTTP."""

from __future__ import annotations

import json

from central.actions.readiness import checks
from central.device_api.message_groups import Groups
from central.runtime import Central
from exchange.device.message_handling import DeviceMessage
from exchange.device.openapi import describe
from exchange.limits import DEVICE_MESSAGE_BYTES
from exchange.vocabulary import DeviceOp
from serverkit.devices.messages import DeviceHttp


def make_app(server: Central) -> DeviceHttp[DeviceMessage]:
    """The application; engines are opened here, in the worker."""
    return DeviceHttp(
        operations=frozenset(DeviceOp),
        received=DeviceMessage,
        handle_all=Groups(server).handle_all,
        checks=checks(server),
        openapi=json.dumps(describe("Perigee central")).encode(),
        most_bytes=DEVICE_MESSAGE_BYTES,
        failures_a_minute=server.settings.server.failures_a_minute,
        most_at_once=server.settings.server.messages_at_once,
        now=server.clock.now,
    )
