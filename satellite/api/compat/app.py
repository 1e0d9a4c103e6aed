"""The routes of the appliance form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from satellite.actions.access import identify_caller
from satellite.api.compat import devices, handlers
from satellite.api.compat.wire import Call, locate, open_call
from satellite.runtime import Satellite
from serverkit.devices.messages import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi, Route

_KIND = r"(?:/(?i:customer|holding))*"
_SA = rf"accounts/(?P<account>[^/]+){_KIND}"
_VA = rf"{_SA}/virtual-accounts/(?P<va>[^/]+)"


def _route(method: str, tail: str, handle: Callable[[Call], dict[str, Any]], *, changes: bool = False) -> Route[Call]:
    return Route(method, re.compile(tail), handle, changes)


ROUTES = (
    _route("POST", r"v1/upstream_satellites/accounts", handlers.local_accounts),
    _route("GET", rf"v1/{_SA}/virtual-accounts", handlers.list_virtual_accounts),
    _route("POST", rf"v1/{_SA}/virtual-accounts", handlers.at_central, changes=True),
    _route("POST", rf"v1/{_VA}/delete", handlers.at_central, changes=True),
    _route("GET", rf"v1/{_VA}/tokens", handlers.list_tokens),
    _route("POST", rf"v1/{_VA}/tokens", handlers.create_token, changes=True),
    _route("POST", rf"v1/{_VA}/tokens/revoke", handlers.revoke_tokens, changes=True),
    _route("POST", rf"v1/{_SA}/licenses", handlers.usage),
    _route("POST", rf"v1/{_SA}/license-subscriptions", handlers.subscriptions),
    _route("POST", rf"v[12]/{_VA}/licenses/transfer", handlers.at_central, changes=True),
    _route("POST", rf"v[12]/{_VA}/reserve-licenses", handlers.at_central, changes=True),
    _route("POST", rf"v1/{_SA}/devices", devices.device_usage),
    _route("GET", rf"v1/{_VA}/devices", devices.list_devices),
    _route("POST", rf"v1/{_VA}/devices/transfer", devices.transfer_devices, changes=True),
    _route("POST", rf"v[12]/{_VA}/devices/remove", devices.remove_devices, changes=True),
)


def make_compat(server: Satellite, limiter: FailureLimiter) -> LenientApi[Call]:
    """The interface of one satellite."""

    def caller(text: str, address: str) -> Caller:
        actor = identify_caller(server, text, address)
        return Caller(actor, bool(actor.scopes))

    return LenientApi(
        routes=ROUTES,
        locate=locate,
        open_call=partial(open_call, server),
        caller=caller,
        database=server.database,
        limiter=limiter,
        unlimited=lambda _path: True,
    )
