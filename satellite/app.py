"""The whole of a satellite over HTTP: device protocol and health on a lean path, the interfaces for programs behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.api.parts import Part, answer_with, token_part
from chassis.web.messages import PREFIX, FailureLimiter
from chassis.web.wsgi import StartResponse, WsgiApp
from satellite.api.compat.app import make_compat
from satellite.api.compat.grants import SatelliteGrants
from satellite.api.v1.app import make_api
from satellite.device_api.app import make_app as make_device_app
from satellite.runtime import Satellite

LEAN = (PREFIX, "/healthz", "/readyz")


def make_app(made: Satellite) -> WsgiApp:
    """The application; engines are opened here, in the worker."""
    devices = make_device_app(made)
    parts = interfaces(made)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(LEAN) or path == "/":
            return devices(environ, start_response)
        return answer_with(parts, environ).send(environ, start_response)

    return app


def interfaces(made: Satellite) -> tuple[Part, ...]:
    """The interfaces for programs; they count wrong credentials together."""
    limiter = FailureLimiter(made.settings.server.failures_a_minute, made.clock.now)
    return (*token_part(SatelliteGrants(made), limiter), make_compat(made, limiter), make_api(made, limiter))
