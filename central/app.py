"""The whole of central over HTTP: devices and health on a lean path, one Flask application for the rest."""

from __future__ import annotations

from central.api.compat.app import ROUTES, make_compat
from central.api.compat.grants import CentralGrants
from central.api.compat.wire import BASES
from central.api.sync import SyncEndpoint, sync_urls
from central.api.v1.app import OPERATIONS, make_api
from central.device_api.app import make_app as make_device_app
from central.runtime import Central
from central.ui.console import URLS as PAGES
from central.ui.console import CentralConsole
from exchange.vocabulary import DeviceOp
from serverkit.devices.asgi_front import Application
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.app import Family, lean_urls, make_flask
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
    *sync_urls(),
    *token_urls(),
    *(url for route in ROUTES for url in route.urls(BASES)),
    *rest_urls(BASE, OPERATIONS),
    *static_urls(),
    *page_urls(PAGES),
)
"""Every address of this server: family, method, path, what is needed, what it calls, and its row."""


def make_app(server: Central) -> Application:
    """The application; engines are opened here, in the worker."""
    rest = make_flask("central", families(server))
    return Application(make_device_app(server), rest, AskedNames(server.home / TLS, server.clock.now).note)


def families(server: Central) -> tuple[Family, ...]:
    """What the Flask application carries; the interfaces for programs count wrong credentials together."""
    limiter = FailureLimiter(server.settings.server.failures_a_minute, server.clock.now)
    tokens, compat, rest = (
        Tokens(CentralGrants(server), limiter),
        make_compat(server, limiter),
        make_api(server, limiter),
    )
    return (SyncEndpoint(server), tokens, compat, rest, Static(), Pages(CentralConsole(server)))
