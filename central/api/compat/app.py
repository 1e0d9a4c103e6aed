"""What answers at the addresses of both forms."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from central.actions.credentials import recognise_bearer
from central.actions.permits import permit
from central.api.compat import accounts, alerts, conversions, devices, licences, policy, reservations, summary, tokens
from central.api.compat.software import ROUTES as SOFTWARE
from central.api.compat.wire import BASES, Call, is_appliance, locate, open_call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi
from serverkit.http.lenient_route import Route
from serverkit.http.lenient_routes import Served, shared_routes
from serverkit.http.operations import Access

_R = Route[Call]
_SERVED = {
    "local_accounts": Served(accounts.local_accounts, Access.SIGNED_IN, "C1.1"),
    "list_virtual_accounts": Served(accounts.list_virtual_accounts, Permission.VIRTUAL_ACCOUNT_VIEW, "C1.2"),
    "create_virtual_account": Served(accounts.create_virtual_account, Permission.VIRTUAL_ACCOUNT_MANAGE, "C1.2"),
    "delete_virtual_account": Served(accounts.delete_virtual_account, Permission.VIRTUAL_ACCOUNT_MANAGE, "C1.2"),
    "list_tokens": Served(tokens.list_tokens, Permission.TOKEN_MANAGE, "C2.3"),
    "create_token": Served(tokens.create_token, Permission.TOKEN_MANAGE, "C2.2"),
    "revoke_tokens": Served(tokens.revoke_tokens, Permission.TOKEN_MANAGE, "C2.3"),
    "usage": Served(licences.usage, Permission.VIRTUAL_ACCOUNT_VIEW, "C3.1"),
    "subscriptions": Served(licences.subscriptions, Permission.VIRTUAL_ACCOUNT_VIEW, "C3.3"),
    "transfer": Served(licences.transfer, Permission.LICENCE_TRANSFER, "C4.1"),
    "reserve": Served(reservations.reserve, Permission.RESERVATION_MANAGE, "C6.1"),
    "device_usage": Served(devices.device_usage, Permission.VIRTUAL_ACCOUNT_VIEW, "C7.1"),
    "list_devices": Served(devices.list_devices, Permission.VIRTUAL_ACCOUNT_VIEW, "C7.1"),
    "transfer_devices": Served(devices.transfer_devices, Permission.INSTANCE_MANAGE, "C7.2"),
    "remove_devices": Served(devices.remove_devices, Permission.INSTANCE_MANAGE, "C7.3"),
}
ROUTES = (
    _R("GET", "2", "accounts", accounts.my_accounts, permission=Access.SIGNED_IN, row="C1.1"),
    _R("GET", "1", "accounts/search", accounts.search_accounts, permission=Access.SIGNED_IN, row="C1.1"),
    _R("GET", "2", "accounts/search", accounts.search_with_ids, permission=Access.SIGNED_IN, row="C1.1"),
    _R("POST", "1", "subscription/search", summary.search_subscriptions, permission=Access.SIGNED_IN, row="C3.3"),
    _R(
        "POST",
        "3",
        "licenses/summary",
        summary.summary_v3,
        by_headers=True,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW,
        row="C3.1",
    ),
    _R(
        "POST",
        "2",
        "devices/authrequest",
        policy.request_authorizations,
        changes=True,
        by_headers=True,
        permission=Permission.RESERVATION_MANAGE,
        row="C6.1",
    ),
    _R(
        "POST",
        "2",
        "devices/reportusage",
        policy.report_usage,
        changes=True,
        by_headers=True,
        permission=Permission.INSTANCE_MANAGE,
        row="S4.6",
    ),
    _R(
        "POST", "1", "accounts/<account>/alerts", alerts.alerts, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C10.1"
    ),
    _R("POST", "2", "accounts/poll", policy.poll, permission=Access.SIGNED_IN, row="C6.1"),
    *(
        _R("POST", "1", path, conversions.dlc_convert, changes=True, permission=Permission.LICENCE_CONVERT, row="C9.5")
        for path in ("accounts/<account>/dlc_convert", "<account>/dlc_convert")
    ),
    *shared_routes(_SERVED),
    *SOFTWARE,
)


def _permit(call: Call, needed: Sequence[StrEnum], changes: bool) -> None:
    permit(call.unit, needed, call.account.id if call.account is not None else "", changes=changes)


def make_compat(server: Central, limiter: FailureLimiter) -> LenientApi[Call]:
    """The interface of one central."""

    def caller(text: str, address: str) -> Caller:
        actor = recognise_bearer(server.database, text, address)
        return Caller(actor, actor.scopes is None or bool(actor.scopes))

    return LenientApi(
        routes=ROUTES,
        bases=BASES,
        locate=locate,
        open_call=partial(open_call, server),
        caller=caller,
        permit=_permit,
        database=server.database,
        limiter=limiter,
        unlimited=is_appliance,
    )
