"""The second generation of addresses: thin aliases of the same handlers, with what its answers have in another form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from central.api.compat import (
    accounts,
    alerts,
    conversions,
    devices,
    discovery,
    licences,
    policy,
    removals,
    reporting_policy,
    reservations,
    summary,
    tokens,
)
from central.api.compat.wire import Call
from central.domain.access.rules import Permission
from serverkit.http.lenient import BodyError
from serverkit.http.lenient_route import Route
from serverkit.http.operations import Access

BASE = "/v1/software/apis"
DMS = "/services/api/software/dms/v2/smartaccounts"
Handler = Callable[[Call], dict[str, Any]]
_R = Route[Call]
_LICENSING = f"{BASE}/licensing"
_V1 = f"{_LICENSING}/v1/account/<account>"
_POOL = f"{_V1}/virtual-account/<va>"
_POOL2 = f"{_LICENSING}/v2/account/<account>/virtual-account/<va>"
_V2 = f"{_LICENSING}/v2/accounts/<account>"
_KIND = f"{BASE}/accounts/v1/domain/<account>/type/<kind>"
_VIEW, _MANAGE = Permission.VIRTUAL_ACCOUNT_VIEW, Permission.VIRTUAL_ACCOUNT_MANAGE


def _in_query(handle: Handler) -> Handler:
    """The handler for addresses that name the virtual account in the query."""

    def answer(call: Call) -> dict[str, Any]:
        name = call.request.query.get("virtualAccountName", "").strip()
        if not name:
            raise BodyError("Missing required input parameters: {name}", name="virtualAccountName")
        return handle(replace(call, path={**call.path, "va": name}))

    return answer


def _list_virtual_accounts(call: Call) -> dict[str, Any]:
    return discovery.user_places(accounts.list_virtual_accounts(call), call.request.query)


def _create_token(call: Call) -> dict[str, Any]:
    """Here the new token is within a list."""
    made = tokens.create_token(call)
    return {**made, "tokenInfo": [made["tokenInfo"]]}


def _usage(call: Call) -> dict[str, Any]:
    """Here the terms of a licence have other names."""
    found = licences.usage(call)
    for line in found["licenses"]:
        line["licenseDetails"] = [
            {
                "license_type": one["licenseType"],
                "entitled_quantity": one["quantity"],
                "start_date": one["startDate"],
                "end_date": one["endDate"],
                "sub_ref_id": one["subscriptionId"],
                "status": one["status"],
                "product_sku": one["licenseSku"],
            }
            for one in line["licenseDetails"]
        ]
    return found


def _reserve_in_all(call: Call) -> dict[str, Any]:
    """Reserve in several virtual accounts; each request has its own outcome."""
    outcomes: list[dict[str, Any]] = []
    for entry in reservations.places_of(call.body):
        part = replace(call, body=entry, path={**call.path, "va": entry["name"]})
        outcomes += reservations.reserve(part)["authorizationCodes"]
    return reservations.codes_form(outcomes, "reservation")


def _reads(method: str, path: str, handle: Handler, permission: Permission | Access, row: str) -> Route[Call]:
    return _R(method, "", path, handle, permission=permission, row=row)


def _headed(method: str, path: str, handle: Handler, permission: Permission | Access, row: str) -> Route[Call]:
    return _R(method, "", path, handle, by_headers=True, permission=permission, row=row)


def _changes(path: str, handle: Handler, permission: Permission, row: str) -> Route[Call]:
    return _R("POST", "", path, handle, changes=True, permission=permission, row=row)


ROUTES = (
    _reads("GET", f"{BASE}/accounts/v1/validate-user-access", discovery.validate_access, Access.SIGNED_IN, "C1.1"),
    _reads("GET", f"{BASE}/accounts/v2/validate-user-access", discovery.validate_access_v2, Access.SIGNED_IN, "C1.1"),
    _reads("GET", f"{BASE}/accounts/v1/user/search-smart-accounts", discovery.search_of_user, Access.SIGNED_IN, "C1.1"),
    _reads(
        "GET",
        f"{BASE}/accounts/v1/virtual-account/default",
        discovery.default_virtual_account,
        Access.SIGNED_IN,
        "C1.2",
    ),
    _reads("GET", f"{BASE}/pnp/v2/accounts", discovery.list_accounts, Access.SIGNED_IN, "C1.1"),
    _reads("GET", f"{BASE}/pnp/v2/accounts/<account>/virtual-accounts", discovery.list_places, _VIEW, "C1.2"),
    _reads("GET", DMS, discovery.list_accounts, Access.SIGNED_IN, "C1.1"),
    _reads("GET", f"{DMS}/<account>/virtualaccounts", discovery.list_places, _VIEW, "C1.2"),
    _reads("GET", f"{_KIND}/virtual-accounts", _list_virtual_accounts, _VIEW, "C1.2"),
    _changes(f"{_KIND}/virtual-accounts", accounts.create_virtual_account, _MANAGE, "C1.2"),
    _changes(f"{_KIND}/virtual-account/create", accounts.create_virtual_account, _MANAGE, "C1.2"),
    _changes(f"{_KIND}/virtual-account-name/<va>/delete", accounts.delete_virtual_account, _MANAGE, "C1.2"),
    _reads("GET", f"{_POOL}/token/list", tokens.list_tokens, Permission.TOKEN_MANAGE, "C2.3"),
    _changes(f"{_POOL}/token/create", _create_token, Permission.TOKEN_MANAGE, "C2.2"),
    _changes(f"{_POOL}/token/revoke", tokens.revoke_tokens, Permission.TOKEN_MANAGE, "C2.3"),
    _reads("POST", f"{_V1}/report-usage-partner", _usage, _VIEW, "C3.1"),
    _reads("POST", f"{_V1}/licenses/subscription-usage", licences.subscriptions, _VIEW, "C3.3"),
    _changes(f"{_POOL}/licenses/transfer", licences.transfer, Permission.LICENCE_TRANSFER, "C4.1"),
    _changes(f"{_V2}/licenses/transfer", _in_query(licences.transfer), Permission.LICENCE_TRANSFER, "C4.1"),
    _R(
        "POST",
        "",
        f"{_LICENSING}/v2/device/conversion",
        conversions.dlc_request,
        changes=True,
        by_headers=True,
        permission=Permission.LICENCE_CONVERT,
        row="C9.5",
    ),
    _headed("POST", f"{_LICENSING}/v2/get-summary", summary.summary_v2, _VIEW, "C3.1"),
    _headed("POST", f"{_LICENSING}/v3/get-summary-by-tag", summary.summary_v3, _VIEW, "C3.1"),
    _reads("POST", f"{_V1}/get-alerts", alerts.alerts, _VIEW, "C10.1"),
    _reads("GET", f"{_POOL}/device/search", devices.list_devices, _VIEW, "C7.1"),
    _reads("GET", f"{_V2}/devices", _in_query(devices.list_devices), _VIEW, "C7.1"),
    _reads("POST", f"{_V1}/device/get-usage", devices.device_usage, _VIEW, "C7.1"),
    _reads("GET", f"{_LICENSING}/v2/device/search", summary.search_devices, Access.SIGNED_IN, "C7.1"),
    _changes(f"{_POOL}/device/transfer", devices.transfer_devices, Permission.INSTANCE_MANAGE, "C7.2"),
    _changes(f"{_V2}/devices/transfer", _in_query(devices.transfer_devices), Permission.INSTANCE_MANAGE, "C7.2"),
    _changes(f"{_POOL}/device/remove", devices.remove_devices, Permission.INSTANCE_MANAGE, "C7.3"),
    _changes(f"{_POOL2}/device/remove-bulk", devices.remove_devices, Permission.INSTANCE_MANAGE, "C7.3"),
    _changes(
        f"{_LICENSING}/v3/accounts/<account>/devices/remove",
        _in_query(devices.remove_devices),
        Permission.INSTANCE_MANAGE,
        "C7.3",
    ),
    _changes(f"{_POOL}/licenses/reserve", reservations.reserve, Permission.RESERVATION_MANAGE, "C6.1"),
    _changes(f"{_POOL2}/licenses/reserve", reservations.reserve, Permission.RESERVATION_MANAGE, "C6.1"),
    _changes(
        f"{_LICENSING}/v2/account/<account>/licenses/reserve-bulk",
        _reserve_in_all,
        Permission.RESERVATION_MANAGE,
        "C6.1",
    ),
    _changes(f"{_V2}/licenses/reserve", _reserve_in_all, Permission.RESERVATION_MANAGE, "C6.1"),
    _R(
        "POST",
        "",
        f"{_LICENSING}/v2/device/request-auth-codes",
        policy.request_authorizations,
        changes=True,
        by_headers=True,
        permission=Permission.RESERVATION_MANAGE,
        row="C6.1",
    ),
    *(
        _R(
            "POST",
            "",
            f"{_LICENSING}/v2/{path}",
            handle,
            changes=True,
            by_headers=True,
            permission=Permission.INSTANCE_MANAGE,
            row="S4.6",
        )
        for path, handle in (
            ("report-usage", policy.report_usage),
            ("report-usage-legacy", policy.report_usage_in_xml),
        )
    ),
    _R(
        "POST",
        "",
        f"{_LICENSING}/v2/device/remove",
        removals.remove_devices,
        changes=True,
        by_headers=True,
        permission=Permission.INSTANCE_MANAGE,
        row="C7.3",
    ),
    _headed("GET", f"{_LICENSING}/v2/account-policy", reporting_policy.account_policy, _VIEW, "C3.1"),
    _headed("POST", f"{_LICENSING}/v2/get-history", reporting_policy.history, _VIEW, "C3.1"),
    _changes(f"{_POOL}/licenses/update-slr", reservations.update, Permission.RESERVATION_MANAGE, "C6.3"),
    _changes(f"{_POOL}/licenses/confirm-slr-update", reservations.confirm, Permission.RESERVATION_MANAGE, "C6.3"),
    _reads("POST", f"{_LICENSING}/v2/poll", policy.poll, Access.SIGNED_IN, "C6.1"),
    _reads("POST", f"{_LICENSING}/v1/search-slr-details", summary.reservable_licences, Access.SIGNED_IN, "C6.2"),
    _changes(f"{_V2}/licenses/update", _in_query(reservations.update), Permission.RESERVATION_MANAGE, "C6.3"),
    _changes(f"{_V2}/licenses/confirm", _in_query(reservations.confirm), Permission.RESERVATION_MANAGE, "C6.3"),
)
