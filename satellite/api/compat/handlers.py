"""Accounts, virtual accounts, tokens and licences, as scripts of the appliance form ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from exchange.compliance import LotPhase, lot_phase
from exchange.vocabulary import Compliance
from satellite.api.compat.wire import Call, CentralOnlyError
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.queries import number_of as number_of_pool
from satellite.core.accounts.queries import virtual_accounts
from satellite.core.licences.models import AllotmentLine
from satellite.core.licences.queries import allotment_lines, licences
from satellite.core.tokens import services
from satellite.core.tokens.models import Token
from satellite.core.tokens.queries import token_of_text, usable_tokens
from serverkit.http.lenient import (
    BodyError,
    is_blank,
    last_second,
    list_of,
    millis,
    number_of,
    overall,
    page,
    seconds,
    success,
    text_of,
    words_of,
)
from serverkit.http.lenient_forms import licence_form
from serverkit.names import tidy_token

ALLOWED, NOT_ALLOWED = "Allowed", "Not Allowed"
DEFAULT_DAYS = 30
STATUS = {Compliance.IN_COMPLIANCE.value: "In Compliance", Compliance.OUT_OF_COMPLIANCE.value: "Out Of Compliance"}
PHASES = {LotPhase.ACTIVE: "Active", LotPhase.EXPIRED: "Expired", LotPhase.FUTURE: "Future"}
KINDS = {"perpetual": "PERPETUAL", "term": "TERM", "demo": "DEMO", "reporting_only": "PERPETUAL"}


def local_accounts(call: Call) -> dict[str, Any]:
    """`POST upstream_satellites/accounts`: the one account that this satellite belongs to."""
    site = call.site
    number = int((site.account_id or "0")[:12], 16)
    upstream = site.account_number if site.account_number is not None else number
    pools = [{"virtual_account_id": number_of_pool(row), "name": row.name} for row in virtual_accounts(call.unit)]
    account = {
        "account_id": number,
        "name": site.account_name,
        "domain": site.account_domain,
        "cslu_tenant_url": "",
        "cssm_smart_account_id": upstream,
        "cssm_smart_account_name": site.account_name,
        "cssm_virtual_account_name": pools[0]["name"] if pools else "",
        "virtual_accounts": pools,
    }
    return success("OK", accounts=[account])


def list_virtual_accounts(call: Call) -> dict[str, Any]:
    """The virtual accounts of this satellite; none of them is the account's default."""
    shown = [
        {
            "name": row.name,
            "description": row.description,
            "isDefault": "false",
            "commerceAccessLevel": "PUBLIC",
            "isSatellite": "true",
        }
        for row in virtual_accounts(call.unit)
    ]
    return success("Successfully read virtual accounts.", virtualAccounts=shown)


def at_central(call: Call) -> dict[str, Any]:
    """What a satellite cannot do."""
    require(call.unit, Permission.INSTANCE_MANAGE)
    raise CentralOnlyError


def _token(row: Token, text: str) -> dict[str, Any]:
    return {
        "token": text,
        "expirationDate": millis(row.expires_at),
        "description": row.description,
        "exportControl": ALLOWED if row.export_controlled else NOT_ALLOWED,
        "createdBy": row.created_by,
    }


def list_tokens(call: Call) -> dict[str, Any]:
    """The usable tokens of a virtual account, with their texts."""
    require(call.unit, Permission.TOKEN_MANAGE)
    box = call.server.keyring.box
    shown = [_token(row, box.decrypt(row.secret)) for row in usable_tokens(call.unit, call.home.id)]
    return success("Successfully read active tokens.", tokens=shown)


def create_token(call: Call) -> dict[str, Any]:
    """Make a token."""
    days = call.body.get("expiresAfterDays")
    uses = call.body.get("numberOfUses", call.body.get("numberofUses"))
    row, text = services.create_token(
        call.unit,
        call.server.keyring.box,
        call.home,
        days=DEFAULT_DAYS if is_blank(days) else number_of(days, "expiresAfterDays"),
        uses=None if is_blank(uses) else number_of(uses, "numberOfUses"),
        export_controlled=_export_wish(call.body),
        description=text_of(call.body, "description", needed=False),
    )
    return success("A valid, active token was generated.", tokenInfo=_token(row, text))


def _export_wish(body: Mapping[str, Any]) -> bool:
    value = body.get("exportControlled", body.get("exportControl"))
    if isinstance(value, bool):
        return value
    word = text_of({"exportControlled": value}, "exportControlled", needed=False).lower().replace("_", " ")
    if word not in {"", "allowed", "not allowed", "notallowed", "true", "false", "yes", "no"}:
        raise BodyError("exportControlled is Allowed or Not Allowed")
    return word in {"allowed", "true", "yes"}


def revoke_tokens(call: Call) -> dict[str, Any]:
    """Revoke tokens by their texts, encoded or not; each has its own outcome."""
    texts = list_of(call.body, "tokens")
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise BodyError("Missing required input parameters: tokens")
    home = call.home
    outcomes = []
    for text in texts:
        row = token_of_text(call.unit, home.id, {tidy_token(text), tidy_token(unquote(text))})
        if row is None:
            outcomes.append({"status": "ERROR", "statusMessage": f"Token- '{text}' was not found"})
            continue
        services.revoke_token(call.unit, row)
        outcomes.append({"status": "SUCCESS", "statusMessage": f"Token- '{text}' revoked successfully"})
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(f"{done} tokens successfully revoked.", tokensRevokeStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def usage(call: Call) -> dict[str, Any]:
    """`licenses`: purchased, in use and free, one entry for each virtual account and licence."""
    names = call.wanted_names()
    rows = [row for row in licences(call.unit, names, None) if row["virtual_account"] in names.values()]
    lines: dict[tuple[str, str, str], list[AllotmentLine]] = {}
    for line in allotment_lines(call.unit):
        lines.setdefault((names.get(line.virtual_account_id, ""), line.tag, line.billing), []).append(line)
    shown = [
        _licence(call, row, lines.get((row["virtual_account"], row["tag"], row["billing"]), []))
        for row in page(rows, call.body)
    ]
    return success("The license usage was retrieved.", totalRecords=len(rows), licenses=shown)


def _licence(call: Call, row: Mapping[str, Any], lines: list[AllotmentLine]) -> dict[str, Any]:
    details = [
        {
            "licenseType": KINDS.get(line.licence_type, "PERPETUAL"),
            "quantity": line.quantity,
            "startDate": seconds(line.start),
            "endDate": last_second(line.end),
            "subscriptionId": "",
            "status": PHASES[lot_phase(line.start, line.end, call.unit.licence_now)],
        }
        for line in lines
    ]
    return licence_form(row, STATUS[row["status"]], details)


def subscriptions(call: Call) -> dict[str, Any]:
    """`license-subscriptions`: the terms that central allotted to this site."""
    names = call.wanted_names()
    wanted = {word.lower() for word in words_of(call.body, "status")}
    titles = {row["tag"]: row["name"] for row in licences(call.unit, names, None)}
    rows = []
    for line in allotment_lines(call.unit):
        if line.start is None or line.end is None or line.virtual_account_id not in names:
            continue
        status = PHASES[lot_phase(line.start, line.end, call.unit.licence_now)]
        if not wanted or status.lower() in wanted:
            rows.append(
                {
                    "virtualAccount": names[line.virtual_account_id],
                    "license": titles.get(line.tag, line.tag),
                    "billingType": line.billing.upper(),
                    "quantity": str(line.quantity),
                    "startDate": seconds(line.start),
                    "endDate": last_second(line.end),
                    "status": status,
                    "subscriptionId": "",
                }
            )
    shown = page(rows, call.body)
    return success("The license subscriptions were retrieved.", totalRecords=len(rows), licenseSubscriptions=shown)
