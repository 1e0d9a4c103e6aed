"""Accounts and virtual accounts of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import accounts, virtual_accounts
from central.api.compat.wire import Call
from central.domain.access.rules import Role
from serverkit.http.lenient import BodyError, page, success, text_of
from serverkit.http.lenient_routes import plain_domain

ROLE_NAMES = {
    Role.VENDOR_ADMINISTRATOR: "Smart Account Administrator",
    Role.VENDOR_SUPPORT: "Smart Account User",
    Role.ACCOUNT_ADMINISTRATOR: "Smart Account Administrator",
    Role.ACCOUNT_USER: "Smart Account User",
    Role.VIRTUAL_ACCOUNT_ADMINISTRATOR: "Virtual Account Administrator",
    Role.VIRTUAL_ACCOUNT_USER: "Virtual Account User",
}
KIND, ACTIVE = "CUSTOMER", "ACTIVE"


def my_accounts(call: Call) -> dict[str, Any]:
    """`GET v2/accounts`: the caller's accounts with the caller's roles in each."""
    wanted = asked_domain(call)
    found = []
    for row in accounts.list_own_accounts(call.unit):
        if wanted and row["domain"].lower() != wanted:
            continue
        roles = [caller_role(held) for held in row["roles"]]
        found.append(
            {
                "accountName": row["name"],
                "accountDomain": row["domain"],
                "accountType": KIND,
                "accountStatus": ACTIVE,
                "roles": roles,
                "accounts": roles,
            }
        )
    return success("OK", accounts=found)


def asked_domain(call: Call) -> str:
    """The domain in the query, without the kind of account that some clients append; empty for any."""
    return plain_domain(call.request.query.get("domain", "")).lower()


def caller_role(held: Mapping[str, Any]) -> dict[str, str]:
    """A role of the caller in the words of these clients."""
    where = {"virtualAccount": held["virtual_account"]} if held["virtual_account"] is not None else {}
    return {"role": ROLE_NAMES[held["role"]], **where}


def search_accounts(call: Call) -> dict[str, Any]:
    """`GET v1/accounts/search`: by part of domain or name, with both sets of field names that clients read."""
    query = call.request.query
    kind = query.get("type", KIND).strip().upper()
    rows = accounts.search_accounts(call.unit, asked_domain(call), query.get("name", "").strip())
    found = [
        {
            "domain": row["domain"],
            "name": row["name"],
            "id": row["number"],
            "type": KIND,
            "status": ACTIVE,
            "accountDomain": row["domain"],
            "accountName": row["name"],
            "accountType": KIND,
            "accountStatus": ACTIVE,
        }
        for row in rows
        if kind in {KIND, ""}
    ]
    return success("OK", totalRecords=len(found), accounts=page(found, {"limit": -1, **query_paging(call)}))


def query_paging(call: Call) -> dict[str, str]:
    """The paging that is in the query."""
    return {name: call.request.query[name] for name in ("limit", "offset") if call.request.query.get(name)}


def search_with_ids(call: Call) -> dict[str, Any]:
    """`GET v2/accounts/search`: accounts and their virtual accounts with numeric ids, as texts."""
    found = [
        {
            "account_id": str(row["number"]),
            "domain": row["domain"],
            "name": row["name"],
            "virtual_accounts": [
                {"default": one["default"], "name": one["name"], "virtual_account_id": str(one["number"])}
                for one in row["virtual_accounts"]
            ],
        }
        for row in accounts.search_accounts(call.unit, asked_domain(call))
    ]
    if not found:
        return {
            "status": "COMPLETE",
            "message_code": "NO DATA FOUND",
            "message": "No matching record found for given input",
        }
    return {"status": "COMPLETE", "message_code": "", "message": "", "accounts": found}


def local_accounts(call: Call) -> dict[str, Any]:
    """`POST upstream_satellites/accounts`: the list with which scripts for the appliance form start."""
    found = [
        {
            "account_id": row["number"],
            "name": row["name"],
            "domain": row["domain"],
            "cslu_tenant_url": "",
            "cssm_smart_account_id": row["number"],
            "cssm_smart_account_name": row["name"],
            "cssm_virtual_account_name": "",
            "virtual_accounts": [
                {"virtual_account_id": one["number"], "name": one["name"]} for one in row["virtual_accounts"]
            ],
        }
        for row in accounts.search_accounts(call.unit)
    ]
    return success("OK", accounts=found)


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": row["name"],
        "description": row["description"],
        "isDefault": "true" if row["default"] else "false",
        "commerceAccessLevel": "PUBLIC",
        "isSatellite": "true" if row["satellite"] else "false",
    }


def list_virtual_accounts(call: Call) -> dict[str, Any]:
    """List the virtual accounts that the caller may see."""
    rows = virtual_accounts.list_virtual_accounts(call.unit, call.domain, part=virtual_accounts.BY_NAME).items
    return success("Successfully read virtual accounts.", virtualAccounts=[_shown(row) for row in rows])


def create_virtual_account(call: Call) -> dict[str, Any]:
    """Create a virtual account, and make it the default if requested."""
    name = text_of(call.body, "name")
    _refuse_what_is_not_kept(call.body)
    description = text_of(call.body, "description", needed=False)
    default = str(call.body.get("isDefault", "false")).lower() in {"true", "yes"}
    virtual_accounts.create_virtual_account(call.unit, call.domain, name, description, default=default)
    return success("Operation Successful")


def _refuse_what_is_not_kept(body: Mapping[str, Any]) -> None:
    """Refuse what a client requests and would not get, instead of ignoring it."""
    access = text_of(body, "commerceAccessLevel", needed=False).upper()
    if access not in {"", "PUBLIC"}:
        raise BodyError("commerceAccessLevel must be PUBLIC: every virtual account can receive orders")
    if str(body.get("isSatellite") or "false").lower() in {"true", "yes"}:
        raise BodyError("isSatellite cannot be set: authorize a satellite for the virtual account instead")
    if text_of(body, "parentVaName", needed=False):
        raise BodyError("parentVaName is not supported: virtual accounts have no parents")


def delete_virtual_account(call: Call) -> dict[str, Any]:
    """Delete an empty virtual account."""
    virtual_accounts.delete_virtual_account(call.unit, call.domain, call.path["va"])
    return success("Operation Successful")


def wanted_names(call: Call) -> dict[str, str]:
    """Names by id of the virtual accounts that the body asks for; all that may be seen where it names none."""
    asked = call.body.get("virtualAccounts") or []
    asked = [asked] if isinstance(asked, str) else asked
    if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
        raise BodyError("virtualAccounts is not a list of names")
    return virtual_accounts.names_by_id(call.unit, call.smart_account.domain, asked or None)
