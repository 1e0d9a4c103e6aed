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
from chassis.web.front import Application
from chassis.web.messages import FailureLimiter
from chassis.web.wsgi import StartResponse


def make_app(made: Central) -> Application:
    """The application; engines are opened here, in the worker."""
    sync = SyncEndpoint(made)
    parts = interfaces(made)

    def rest(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == SYNC_PATH:
            return sync(environ, start_response)
        return answer_with(parts, environ).send(environ, start_response)

    return Application(make_device_app(made), rest)


def interfaces(made: Central) -> tuple[Part, ...]:
    """The interfaces for programs; they count wrong credentials together."""
    limiter = FailureLimiter(made.settings.server.failures_a_minute, made.clock.now)
    return (*token_part(CentralGrants(made), limiter), make_compat(made, limiter), make_api(made, limiter))
