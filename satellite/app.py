"""The whole of a satellite over HTTP: device protocol and health on a lean path, the interfaces for programs behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.api.parts import Part, answer_with, token_part
from chassis.web.front import Application
from chassis.web.messages import FailureLimiter
from chassis.web.wsgi import StartResponse
from satellite.api.compat.app import make_compat
from satellite.api.compat.grants import SatelliteGrants
from satellite.api.v1.app import make_api
from satellite.device_api.app import make_app as make_device_app
from satellite.runtime import Satellite


def make_app(made: Satellite) -> Application:
    """The application; engines are opened here, in the worker."""
    parts = interfaces(made)

    def rest(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return answer_with(parts, environ).send(environ, start_response)

    return Application(make_device_app(made), rest)


def interfaces(made: Satellite) -> tuple[Part, ...]:
    """The interfaces for programs; they count wrong credentials together."""
    limiter = FailureLimiter(made.settings.server.failures_a_minute, made.clock.now)
    return (*token_part(SatelliteGrants(made), limiter), make_compat(made, limiter), make_api(made, limiter))
