"""The routes of both forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from central.actions.credentials import recognise_bearer
from central.api.compat import accounts, devices, licences, reservations, tokens
from central.api.compat.wire import Call, is_appliance, locate, open_call
from central.runtime import Central
from serverkit.devices.messages import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi, Route

# The kind of account stands there in the cloud form; where a client appends it to the domain, it stands there twice.
_KIND = r"(?:/(?i:customer|holding))*"
_SA = rf"accounts/(?P<account>[^/]+){_KIND}"
_VA = rf"{_SA}/virtual-accounts/(?P<va>[^/]+)"


def _route(method: str, tail: str, handle: Callable[[Call], dict[str, Any]], *, changes: bool = False) -> Route[Call]:
    return Route(method, re.compile(tail), handle, changes)


ROUTES = (
    _route("GET", r"v2/accounts", accounts.my_accounts),
    _route("GET", r"v1/accounts/search", accounts.search_accounts),
    _route("GET", r"v2/accounts/search", accounts.search_with_ids),
    _route("POST", r"v1/upstream_satellites/accounts", accounts.local_accounts),
    _route("GET", rf"v1/{_SA}/virtual-accounts", accounts.list_virtual_accounts),
    _route("POST", rf"v1/{_SA}/virtual-accounts", accounts.create_virtual_account, changes=True),
    _route("POST", rf"v1/{_VA}/delete", accounts.delete_virtual_account, changes=True),
    _route("GET", rf"v1/{_VA}/tokens", tokens.list_tokens),
    _route("POST", rf"v1/{_VA}/tokens", tokens.create_token, changes=True),
    _route("POST", rf"v1/{_VA}/tokens/revoke", tokens.revoke_tokens, changes=True),
    _route("POST", rf"v1/{_SA}/licenses", licences.usage),
    _route("POST", rf"v1/{_SA}/license-subscriptions", licences.subscriptions),
    _route("POST", rf"v[12]/{_VA}/licenses/transfer", licences.transfer, changes=True),
    _route("POST", rf"v[12]/{_VA}/reserve-licenses", reservations.reserve, changes=True),
    _route("POST", rf"v1/{_SA}/devices", devices.device_usage),
    _route("GET", rf"v1/{_VA}/devices", devices.list_devices),
    _route("POST", rf"v1/{_VA}/devices/transfer", devices.transfer_devices, changes=True),
    _route("POST", rf"v[12]/{_VA}/devices/remove", devices.remove_devices, changes=True),
)


def make_compat(server: Central, limiter: FailureLimiter) -> LenientApi[Call]:
    """The interface of one central."""

    def caller(text: str, address: str) -> Caller:
        actor = recognise_bearer(server.database, text, address)
        return Caller(actor, actor.scopes is None or bool(actor.scopes))

    return LenientApi(
        routes=ROUTES,
        locate=locate,
        open_call=partial(open_call, server),
        caller=caller,
        database=server.database,
        limiter=limiter,
        unlimited=is_appliance,
    )
