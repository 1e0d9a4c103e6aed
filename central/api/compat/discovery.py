"""Accounts and virtual accounts as the second generation of addresses describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import accounts
from central.actions.discovery import list_visible
from central.api.compat.accounts import ACTIVE, KIND, asked_domain, caller_role
from central.api.compat.wire import Call
from serverkit.http.lenient import BodyError, Failure, is_blank, number_of, page

NO_DATA = {"status": "COMPLETE", "message": "NO DATA FOUND", "messageCode": "DMS-ERR-121"}


def _own(call: Call) -> list[dict[str, Any]]:
    """The caller's accounts with the caller's roles, under both names that clients read."""
    found = []
    domain, name = asked_domain(call), call.request.query.get("accountName", "").strip().lower()
    for row in accounts.list_own_accounts(call.unit):
        if (domain and row["domain"].lower() != domain) or (name and row["name"].lower() != name):
            continue
        roles = [caller_role(held) for held in row["roles"]]
        shown = {"accountName": row["name"], "accountDomain": row["domain"], "accountType": KIND}
        found.append({**shown, "accountStatus": ACTIVE, "roles": roles, "accounts": roles, "accountId": row["number"]})
    return found


def validate_access(call: Call) -> dict[str, Any]:
    """`GET /accounts/v1/validate-user-access`: the caller's roles in an account."""
    found = _own(call)
    if not found:
        return _failure("CSW-SMARTACC-ERR-0004", "No matching account was found")
    return {"status": "SUCCESS", "messageCode": "CSW-SMARTACC-SUCCESS", "message": "OK", "data": found}


def _failure(code: str, message: str) -> dict[str, Any]:
    return Failure(status="FAILED", messageCode=code, message=message, data="null")


def validate_access_v2(call: Call) -> dict[str, Any]:
    """`GET /accounts/v2/validate-user-access`: the same in the form of the newer version."""
    return {"status": "SUCCESS", "statusMessage": "OK", "accounts": _own(call)}


def search_of_user(call: Call) -> dict[str, Any]:
    """`GET /accounts/v1/user/search-smart-accounts`: the accounts of the user of this token."""
    query = call.request.query
    if not query.get("userId", "").strip():
        return _failure("CSW-SMARTACC-ERR-0003", "User id is either blank or not provided")
    role, part = query.get("roleName", "").strip().lower(), query.get("smartAccountDomain", "").strip().lower()
    found = [
        {**row, "roles": [{**one, "virtualAccountName": one.get("virtualAccount")} for one in row["roles"]]}
        for row in _own(call)
        if part in row["accountDomain"].lower() and (not role or role in {one["role"].lower() for one in row["roles"]})
    ]
    return {"status": "SUCCESS", "statusMessage": "OK", "accounts": found}


def default_virtual_account(call: Call) -> dict[str, Any]:
    """`GET /accounts/v1/virtual-account/default`: the default virtual account of an account, named by domain or number."""
    domain = call.request.query.get("smartAccountDomain", "").strip().lower()
    number = call.request.query.get("smartAccountId", "").strip()
    if not domain and not number:
        raise BodyError("Missing required input parameters: {name}", name="smartAccountDomain")
    for row in accounts.search_accounts(call.unit, domain):
        if domain not in {"", row["domain"].lower()} or number not in {"", str(row["number"])}:
            continue
        for one in row["virtual_accounts"]:
            if one["default"]:
                place = {"accountId": row["number"], "accountName": row["name"], "accountDomain": row["domain"]}
                return {"id": one["number"], "name": one["name"], **place, "default": True}
    raise BodyError("no account with a default virtual account matches")


def list_accounts(call: Call) -> dict[str, Any]:
    """`GET /pnp/v2/accounts`, `dms/v2/smartaccounts`: the visible accounts with their numbers."""
    found = [
        {"companyName": row["name"], "domainIdentifier": row["domain"], "accountIdentifier": str(row["number"])}
        for row in list_visible(call.unit)
    ]
    return _listed(call, found)


def list_places(call: Call) -> dict[str, Any]:
    """`GET /pnp/v2/accounts/{domain}/virtual-accounts` and its older address: virtual accounts with their numbers."""
    found = [
        {"virtualAccountName": one["name"], "virtualAccountId": str(one["number"]), "default": one["default"]}
        for row in accounts.search_accounts(call.unit, call.domain)
        if row["domain"] == call.domain
        for one in row["virtual_accounts"]
    ]
    return _listed(call, found)


def _listed(call: Call, found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        return dict(NO_DATA)
    query = call.request.query
    rows = -1 if is_blank(query.get("rowsPerPage")) else number_of(query["rowsPerPage"], "rowsPerPage")
    part = {"limit": rows, "offset": query.get("startIdx")}
    return {"data": page(found, part), "totalRows": len(found)}


def user_places(answer: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """A list of virtual accounts with the paging of the second generation: `from` and `size`."""
    every = list(answer["virtualAccounts"])
    first = 0 if is_blank(query.get("from")) else number_of(query["from"], "from")
    size = len(every) if is_blank(query.get("size")) else number_of(query["size"], "size")
    if query.get("order", "").strip().lower() in {"desc", "descending"}:
        every.reverse()
    part = page(every, {"limit": size, "offset": first})
    pages = {"currentPage": first // size + 1 if size > 0 else 1, "pageSize": size, "totalRows": len(every)}
    return {**answer, "virtualAccounts": part, **pages, "totalPages": -(-len(every) // size) if size > 0 else 1}
