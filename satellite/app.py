"""The whole of a satellite over HTTP: device protocol and health on a lean path, the interfaces for programs behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from satellite.api.compat.app import make_compat
from satellite.api.compat.grants import SatelliteGrants
from satellite.api.v1.app import make_api
from satellite.device_api.app import make_app as make_device_app
from satellite.runtime import Satellite
from serverkit.devices.asgi_front import Application
from serverkit.devices.messages import FailureLimiter
from serverkit.http.parts import Part, answer_with, token_part
from serverkit.tls.names import AskedNames
from serverkit.tls.pair import TLS
from serverkit.wsgi import StartResponse


def make_app(server: Satellite) -> Application:
    """The application; engines are opened here, in the worker."""
    parts = interfaces(server)

    def rest(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return answer_with(parts, environ).send(environ, start_response)

    return Application(make_device_app(server), rest, AskedNames(server.home / TLS, server.clock.now).note)


def interfaces(server: Satellite) -> tuple[Part, ...]:
    """The interfaces for programs; they count wrong credentials together."""
    limiter = FailureLimiter(server.settings.server.failures_a_minute, server.clock.now)
    return (*token_part(SatelliteGrants(server), limiter), make_compat(server, limiter), make_api(server, limiter))
