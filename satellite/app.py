"""A satellite over HTTP: devices and health on the fast path, one Flask application for the rest."""

from __future__ import annotations

from exchange.vocabulary import DeviceOp
from satellite.actions.setup import SetupGate
from satellite.api.compat.app import ROUTES, make_compat
from satellite.api.compat.grants import SatelliteGrants
from satellite.api.compat.wire import BASES
from satellite.api.v1.app import OPERATIONS, make_api
from satellite.device_api.app import make_app as make_device_app
from satellite.runtime import Satellite
from satellite.ui.console import URLS as PAGES
from satellite.ui.console import SatelliteConsole
from serverkit.devices.asgi_front import Application
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.app import Family, Url, lean_urls, make_flask
from serverkit.http.gate import Gated
from serverkit.http.layer import rest_urls
from serverkit.http.oauth import Tokens, token_urls
from serverkit.http.schemas import BASE
from serverkit.tls.names import AskedNames
from serverkit.tls.pair import TLS
from serverkit.web.assets import Static, static_urls
from serverkit.web.stages import Pages
from serverkit.web.urls import page_urls

URLS = (
    *lean_urls(DeviceOp),
    *token_urls(),
    *(url for route in ROUTES for url in route.urls(BASES)),
    *rest_urls(BASE, OPERATIONS),
    *static_urls(),
    *page_urls(PAGES),
)
"""Every address of this server: family, method, path, what is needed, what it calls, and its row."""


def make_app(server: Satellite) -> Application:
    """The application; engines are opened here, in the worker."""
    rest = make_flask("satellite", families(server))
    return Application(make_device_app(server), rest, AskedNames(server.home / TLS, server.clock.now).note)


SETUP_PATHS = (f"{BASE}setup", f"{BASE}registration", f"{BASE}openapi.json")
"""What programs reach before the set-up is finished: what finishes it, and the description."""


def families(server: Satellite) -> tuple[Family, ...]:
    """What the Flask application carries; the interfaces for programs count wrong credentials together."""
    limiter = FailureLimiter(server.settings.server.failures_a_minute, server.clock.now)
    gate = SetupGate(server)

    def ask(url: Url) -> None:
        if not url.path.startswith(SETUP_PATHS):
            gate.ask()

    found = (Tokens(SatelliteGrants(server), limiter), make_compat(server, limiter), make_api(server, limiter))
    return (
        *(Gated(family, ask) for family in found),
        Static(),
        Pages(SatelliteConsole(server, operations={one.name: one for one in OPERATIONS})),
    )
