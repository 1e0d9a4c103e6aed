"""What answers at the addresses of the appliance form."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from satellite.actions.access import identify_caller
from satellite.actions.permits import permit
from satellite.api.compat import devices, handlers
from satellite.api.compat.wire import BASES, Call, open_call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi
from serverkit.http.lenient_routes import Served, locate_appliance, shared_routes
from serverkit.http.operations import Access

_SERVED = {
    "local_accounts": Served(handlers.local_accounts, Access.SIGNED_IN, "S3.2"),
    "list_virtual_accounts": Served(handlers.list_virtual_accounts, Access.SIGNED_IN, "S3.2"),
    "create_virtual_account": Served(handlers.at_central, Permission.INSTANCE_MANAGE, "S3.2"),
    "delete_virtual_account": Served(handlers.at_central, Permission.INSTANCE_MANAGE, "S3.2"),
    "list_tokens": Served(handlers.list_tokens, Permission.TOKEN_MANAGE, "S3.2"),
    "create_token": Served(handlers.create_token, Permission.TOKEN_MANAGE, "S3.2"),
    "revoke_tokens": Served(handlers.revoke_tokens, Permission.TOKEN_MANAGE, "S3.2"),
    "usage": Served(handlers.usage, Access.SIGNED_IN, "S3.2"),
    "subscriptions": Served(handlers.subscriptions, Access.SIGNED_IN, "S3.2"),
    "transfer": Served(handlers.at_central, Permission.INSTANCE_MANAGE, "S3.2"),
    "reserve": Served(handlers.at_central, Permission.INSTANCE_MANAGE, "S3.2"),
    "device_usage": Served(devices.device_usage, Access.SIGNED_IN, "S3.2"),
    "list_devices": Served(devices.list_devices, Access.SIGNED_IN, "S3.2"),
    "transfer_devices": Served(devices.transfer_devices, Permission.INSTANCE_MANAGE, "S3.2"),
    "remove_devices": Served(devices.remove_devices, Permission.INSTANCE_MANAGE, "S3.2"),
}
ROUTES = shared_routes(_SERVED)


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
        locate=locate_appliance,
        open_call=partial(open_call, server),
        caller=caller,
        permit=_permit,
        database=server.database,
        limiter=limiter,
        unlimited=lambda _path: True,
    )
