"""The whole of central over HTTP: device protocol and health on a lean path, the interfaces for programs behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from central.api.compat.app import CompatApi
from central.api.compat.wire import MOST_BYTES
from central.api.sync import PATH as SYNC_PATH
from central.api.sync import SyncEndpoint
from central.api.v1.app import make_api
from central.device_api.app import make_app as make_device_app
from central.runtime import Central
from chassis.errors import UploadTooLargeError
from chassis.web.messages import PREFIX
from chassis.web.request import Request, read_request
from chassis.web.wsgi import Response, StartResponse, WsgiApp, problem

Part: TypeAlias = Callable[[Request], Response | None]
LEAN = (PREFIX, "/healthz", "/readyz")


def make_app(made: Central) -> WsgiApp:
    """The application; engines are opened here, in the worker."""
    devices = make_device_app(made)
    sync = SyncEndpoint(made)
    parts: tuple[Part, ...] = (CompatApi(made), make_api(made))

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(LEAN) or path == "/":
            return devices(environ, start_response)
        if path == SYNC_PATH:
            return sync(environ, start_response)
        return _answer(parts, environ).send(environ, start_response)

    return app


def _answer(parts: tuple[Part, ...], environ: dict[str, Any]) -> Response:
    try:
        request = read_request(environ, MOST_BYTES)
    except UploadTooLargeError as error:
        return problem(413, error.code, error.message, error.remedy)
    for part in parts:
        found = part(request)
        if found is not None:
            return found
    return problem(404, "not_found", "There is nothing at this address.", "Check the address.")
