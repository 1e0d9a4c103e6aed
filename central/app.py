"""The whole of central over HTTP: device protocol and health on a lean path, the interfaces for programs behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from central.api.compat.app import make_compat
from central.api.compat.grants import CentralGrants
from central.api.sync import PATH as SYNC_PATH
from central.api.sync import SyncEndpoint
from central.api.v1.app import make_api
from central.device_api.app import make_app as make_device_app
from central.runtime import Central
from chassis.api.parts import Part, answer_with, token_part
from chassis.web.messages import PREFIX, FailureLimiter
from chassis.web.wsgi import StartResponse, WsgiApp

LEAN = (PREFIX, "/healthz", "/readyz")


def make_app(made: Central) -> WsgiApp:
    """The application; engines are opened here, in the worker."""
    devices = make_device_app(made)
    sync = SyncEndpoint(made)
    parts = interfaces(made)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(LEAN) or path == "/":
            return devices(environ, start_response)
        if path == SYNC_PATH:
            return sync(environ, start_response)
        return answer_with(parts, environ).send(environ, start_response)

    return app


def interfaces(made: Central) -> tuple[Part, ...]:
    """The interfaces for programs; they count wrong credentials together."""
    limiter = FailureLimiter(made.settings.server.failures_a_minute, made.clock.now)
    return (*token_part(CentralGrants(made), limiter), make_compat(made, limiter), make_api(made, limiter))
