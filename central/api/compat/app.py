"""The routes of both forms."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from central.actions.credentials import recognise_bearer
from central.actions.permits import permit
from central.api.compat import accounts, devices, licences, reservations, tokens
from central.api.compat.wire import BASES, Call, is_appliance, locate, open_call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.http.layer import Caller
from serverkit.http.lenient import LenientApi, Route
from serverkit.http.operations import Access

_SA = "accounts/<account>"
_VA = f"{_SA}/virtual-accounts/<va>"
_R = Route[Call]

ROUTES = (
    _R("GET", "2", "accounts", accounts.my_accounts, permission=Access.SIGNED_IN, row="C1.1"),
    _R("GET", "1", "accounts/search", accounts.search_accounts, permission=Access.SIGNED_IN, row="C1.1"),
    _R("GET", "2", "accounts/search", accounts.search_with_ids, permission=Access.SIGNED_IN, row="C1.1"),
    _R("POST", "1", "upstream_satellites/accounts", accounts.local_accounts, permission=Access.SIGNED_IN, row="C1.1"),
    _R(
        "GET", "1", f"{_SA}/virtual-accounts", accounts.list_virtual_accounts,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C1.2",
    ),
    _R(
        "POST", "1", f"{_SA}/virtual-accounts", accounts.create_virtual_account, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_MANAGE, row="C1.2",
    ),
    _R(
        "POST", "1", f"{_VA}/delete", accounts.delete_virtual_account, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_MANAGE, row="C1.2",
    ),
    _R("GET", "1", f"{_VA}/tokens", tokens.list_tokens, permission=Permission.TOKEN_MANAGE, row="C2.3"),
    _R("POST", "1", f"{_VA}/tokens", tokens.create_token, changes=True, permission=Permission.TOKEN_MANAGE, row="C2.2"),
    _R(
        "POST", "1", f"{_VA}/tokens/revoke", tokens.revoke_tokens, changes=True,
        permission=Permission.TOKEN_MANAGE, row="C2.3",
    ),
    _R("POST", "1", f"{_SA}/licenses", licences.usage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.1"),
    _R(
        "POST", "1", f"{_SA}/license-subscriptions", licences.subscriptions,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.3",
    ),
    _R(
        "POST", "12", f"{_VA}/licenses/transfer", licences.transfer, changes=True,
        permission=Permission.LICENCE_TRANSFER, row="C4.1",
    ),
    _R(
        "POST", "12", f"{_VA}/reserve-licenses", reservations.reserve, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.1",
    ),
    _R("POST", "1", f"{_SA}/devices", devices.device_usage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.1"),
    _R("GET", "1", f"{_VA}/devices", devices.list_devices, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.1"),
    _R(
        "POST", "1", f"{_VA}/devices/transfer", devices.transfer_devices, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="C7.2",
    ),
    _R(
        "POST", "12", f"{_VA}/devices/remove", devices.remove_devices, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="C7.3",
    ),
)  # fmt: skip


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
