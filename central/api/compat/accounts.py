"""Accounts and virtual accounts of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions.virtual_accounts import delete_empty
from central.api.compat.wire import Call, plain_domain
from central.domain.access.rules import Role
from central.domain.access.services import held_roles
from central.domain.accounts import services
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import virtual_account, virtual_accounts, visible_accounts
from serverkit.http.lenient import BodyError, page, success, text_of

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
    wanted = _domain(call)
    accounts = []
    for row in visible_accounts(call.unit):
        if wanted and row.domain.lower() != wanted:
            continue
        roles = _roles(call, row)
        accounts.append(
            {
                "accountName": row.name,
                "accountDomain": row.domain,
                "accountType": KIND,
                "accountStatus": ACTIVE,
                "roles": roles,
                "accounts": roles,
            }
        )
    return success("OK", accounts=accounts)


def _domain(call: Call) -> str:
    return plain_domain(call.request.query.get("domain", "")).lower()


def _roles(call: Call, account: SmartAccount) -> list[dict[str, str]]:
    names = {row.id: row.name for row in virtual_accounts(call.unit, account.id)}
    roles = []
    for held in held_roles(call.unit, call.unit.actor.id):
        if held.account_id and held.account_id != account.id:
            continue
        entry = {"role": ROLE_NAMES[held.role]}
        if held.virtual_account_id:
            entry["virtualAccount"] = names.get(held.virtual_account_id, "")
        roles.append(entry)
    return roles


def search_accounts(call: Call) -> dict[str, Any]:
    """`GET v1/accounts/search`: by part of domain or name, with both rival sets of field names."""
    query = call.request.query
    domain, name = _domain(call), query.get("name", "").strip().lower()
    kind = query.get("type", KIND).strip().upper()
    found = [
        {
            "domain": row.domain,
            "name": row.name,
            "id": row.number,
            "type": KIND,
            "status": ACTIVE,
            "accountDomain": row.domain,
            "accountName": row.name,
            "accountType": KIND,
            "accountStatus": ACTIVE,
        }
        for row in visible_accounts(call.unit)
        if domain in row.domain.lower() and name in row.name.lower() and kind in {KIND, ""}
    ]
    return success("OK", totalRecords=len(found), accounts=page(found, {"limit": -1, **query_paging(call)}))


def query_paging(call: Call) -> dict[str, str]:
    """The paging that stands in the query."""
    return {name: call.request.query[name] for name in ("limit", "offset") if call.request.query.get(name)}


def search_with_ids(call: Call) -> dict[str, Any]:
    """`GET v2/accounts/search`: accounts and their virtual accounts with numeric ids, as texts."""
    wanted = _domain(call)
    accounts = [
        {
            "account_id": str(row.number),
            "domain": row.domain,
            "name": row.name,
            "virtual_accounts": [
                {"default": va.is_default, "name": va.name, "virtual_account_id": str(va.number)}
                for va in virtual_accounts(call.unit, row.id)
            ],
        }
        for row in visible_accounts(call.unit)
        if wanted in row.domain.lower()
    ]
    if not accounts:
        return {
            "status": "COMPLETE",
            "message_code": "NO DATA FOUND",
            "message": "No matching record found for given input",
        }
    return {"status": "COMPLETE", "message_code": "", "message": "", "accounts": accounts}


def local_accounts(call: Call) -> dict[str, Any]:
    """`POST upstream_satellites/accounts`: the list that scripts of the appliance form start with."""
    accounts = [
        {
            "account_id": row.number,
            "name": row.name,
            "domain": row.domain,
            "cslu_tenant_url": "",
            "cssm_smart_account_id": row.number,
            "cssm_smart_account_name": row.name,
            "cssm_virtual_account_name": "",
            "virtual_accounts": [
                {"virtual_account_id": va.number, "name": va.name} for va in virtual_accounts(call.unit, row.id)
            ],
        }
        for row in visible_accounts(call.unit)
    ]
    return success("OK", accounts=accounts)


def _shown(row: VirtualAccount) -> dict[str, str]:
    return {
        "name": row.name,
        "description": row.description,
        "isDefault": "true" if row.is_default else "false",
        "commerceAccessLevel": "PUBLIC",
        "isSatellite": "true" if row.satellite_id else "false",
    }


def list_virtual_accounts(call: Call) -> dict[str, Any]:
    """The virtual accounts that the caller may see."""
    rows = virtual_accounts(call.unit, call.smart_account.id)
    return success("Successfully read virtual accounts.", virtualAccounts=[_shown(row) for row in rows])


def create_virtual_account(call: Call) -> dict[str, Any]:
    """Make a virtual account; on request it becomes the default."""
    name = text_of(call.body, "name")
    _refuse_what_is_not_kept(call.body)
    description = text_of(call.body, "description", needed=False)
    row = services.create_virtual_account(call.unit, call.smart_account.id, name, description)
    if str(call.body.get("isDefault", "false")).lower() in {"true", "yes"}:
        services.make_default(call.unit, row)
    return success("Operation Successful")


def _refuse_what_is_not_kept(body: Mapping[str, Any]) -> None:
    """Refuse what a client asks for and would not get: a virtual account that only looks as it was asked for."""
    access = text_of(body, "commerceAccessLevel", needed=False).upper()
    if access not in {"", "PUBLIC"}:
        raise BodyError("commerceAccessLevel is PUBLIC here; a virtual account that orders do not reach is not offered")
    if str(body.get("isSatellite") or "false").lower() in {"true", "yes"}:
        raise BodyError("isSatellite is decided by the satellite that a virtual account is given to")
    if text_of(body, "parentVaName", needed=False):
        raise BodyError("parentVaName is not offered: virtual accounts have no parents")


def delete_virtual_account(call: Call) -> dict[str, Any]:
    """Delete an empty virtual account."""
    delete_empty(call.unit, chosen(call))
    return success("Operation Successful")


def chosen(call: Call) -> VirtualAccount:
    """The virtual account that the address names."""
    return virtual_account(call.unit, call.smart_account.id, call.path["va"])


def wanted_names(call: Call) -> dict[str, str]:
    """Names by id of the virtual accounts that the body asks for; all that may be seen where it names none."""
    rows = virtual_accounts(call.unit, call.smart_account.id)
    asked = call.body.get("virtualAccounts") or []
    asked = [asked] if isinstance(asked, str) else asked
    if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
        raise BodyError("virtualAccounts is not a list of names")
    for name in asked:
        virtual_account(call.unit, call.smart_account.id, name)
    return {row.id: row.name for row in rows if not asked or row.name in asked}
