"""The routes of the appliance form."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from satellite.actions.access import identify_caller
from satellite.actions.permits import permit
from satellite.api.compat import devices, handlers
from satellite.api.compat.wire import BASES, Call, locate, open_call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi, Route
from serverkit.http.operations import Access

_SA = "accounts/<account>"
_VA = f"{_SA}/virtual-accounts/<va>"
_R = Route[Call]

ROUTES = (
    _R("POST", "1", "upstream_satellites/accounts", handlers.local_accounts, permission=Access.SIGNED_IN, row="S3.2"),
    _R("GET", "1", f"{_SA}/virtual-accounts", handlers.list_virtual_accounts, permission=Access.SIGNED_IN, row="S3.2"),
    _R(
        "POST", "1", f"{_SA}/virtual-accounts", handlers.at_central, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    _R(
        "POST", "1", f"{_VA}/delete", handlers.at_central, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    _R("GET", "1", f"{_VA}/tokens", handlers.list_tokens, permission=Permission.TOKEN_MANAGE, row="S3.2"),
    _R(
        "POST", "1", f"{_VA}/tokens", handlers.create_token, changes=True,
        permission=Permission.TOKEN_MANAGE, row="S3.2",
    ),
    _R(
        "POST", "1", f"{_VA}/tokens/revoke", handlers.revoke_tokens, changes=True,
        permission=Permission.TOKEN_MANAGE, row="S3.2",
    ),
    _R("POST", "1", f"{_SA}/licenses", handlers.usage, permission=Access.SIGNED_IN, row="S3.2"),
    _R("POST", "1", f"{_SA}/license-subscriptions", handlers.subscriptions, permission=Access.SIGNED_IN, row="S3.2"),
    _R(
        "POST", "12", f"{_VA}/licenses/transfer", handlers.at_central, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    _R(
        "POST", "12", f"{_VA}/reserve-licenses", handlers.at_central, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    _R("POST", "1", f"{_SA}/devices", devices.device_usage, permission=Access.SIGNED_IN, row="S3.2"),
    _R("GET", "1", f"{_VA}/devices", devices.list_devices, permission=Access.SIGNED_IN, row="S3.2"),
    _R(
        "POST", "1", f"{_VA}/devices/transfer", devices.transfer_devices, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
    _R(
        "POST", "12", f"{_VA}/devices/remove", devices.remove_devices, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S3.2",
    ),
)  # fmt: skip


def _permit(call: Call, needed: Sequence[StrEnum], _changes: bool) -> None:
    permit(call.unit, needed)


def make_compat(server: Satellite, limiter: FailureLimiter) -> LenientApi[Call]:
    """The interface of one satellite."""

    def caller(text: str, address: str) -> Caller:
        actor = identify_caller(server, text, address)
        return Caller(actor, bool(actor.scopes))

    return LenientApi(
        routes=ROUTES,
        bases=BASES,
        locate=locate,
        open_call=partial(open_call, server),
        caller=caller,
        permit=_permit,
        database=server.database,
        limiter=limiter,
        unlimited=lambda _path: True,
    )
