"""Accounts, virtual accounts, tokens and licences, as scripts of the appliance form ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import unquote

from exchange.compliance import LotPhase
from exchange.vocabulary import Compliance
from satellite.actions import licences, tokens, virtual_accounts
from satellite.actions.licences import AllotmentView
from satellite.actions.tokens import TokenWithText
from satellite.api.compat.wire import Call
from serverkit.http.lenient import (
    last_second,
    page,
    seconds,
    success,
    words_of,
)
from serverkit.http.lenient_forms import licence_form
from serverkit.http.lenient_tokens import asked_texts, asked_token, revoked_form, token_form
from serverkit.names import tidy_token

STATUS = {Compliance.IN_COMPLIANCE.value: "In Compliance", Compliance.OUT_OF_COMPLIANCE.value: "Out Of Compliance"}
PHASES = {LotPhase.ACTIVE: "Active", LotPhase.EXPIRED: "Expired", LotPhase.FUTURE: "Future"}
KINDS = {"perpetual": "PERPETUAL", "term": "TERM", "demo": "DEMO", "reporting_only": "PERPETUAL"}


def local_accounts(call: Call) -> dict[str, Any]:
    """`POST upstream_satellites/accounts`: the one account that this satellite belongs to."""
    account = call.account
    listed = [
        {"virtual_account_id": row.number, "name": row.name}
        for row in virtual_accounts.list_virtual_accounts(call.unit)
    ]
    found = {
        "account_id": account.number,
        "name": account.name,
        "domain": account.domain,
        "cslu_tenant_url": "",
        "cssm_smart_account_id": account.upstream_number,
        "cssm_smart_account_name": account.name,
        "cssm_virtual_account_name": listed[0]["name"] if listed else "",
        "virtual_accounts": listed,
    }
    return success("OK", accounts=[found])


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
        for row in virtual_accounts.list_virtual_accounts(call.unit)
    ]
    return success("Successfully read virtual accounts.", virtualAccounts=shown)


def at_central(call: Call) -> dict[str, Any]:
    """Refuse what only central can do."""
    virtual_accounts.refuse_change(call.unit)


def _token(token: TokenWithText) -> dict[str, Any]:
    return token_form(
        token.text, token.expires_at, token.description, token.created_by, export_controlled=token.export_controlled
    )


def list_tokens(call: Call) -> dict[str, Any]:
    """The usable tokens of a virtual account, with their texts."""
    rows = tokens.list_usable_tokens(call.unit, call.server.keyring.box, call.virtual_account)
    return success("Successfully read active tokens.", tokens=[_token(row) for row in rows])


def create_token(call: Call) -> dict[str, Any]:
    """Create a token."""
    asked = asdict(asked_token(call.body))
    created = tokens.create_token(call.unit, call.server.keyring.box, call.virtual_account, **asked)
    return success("A valid, active token was generated.", tokenInfo=_token(created))


def revoke_tokens(call: Call) -> dict[str, Any]:
    """Revoke tokens by their texts, encoded or not; each has its own outcome."""
    texts = asked_texts(call.body)
    spellings = [{tidy_token(text), tidy_token(unquote(text))} for text in texts]
    found = tokens.revoke_tokens(call.unit, call.virtual_account, spellings)
    return revoked_form([(text, "" if known else "was not found") for text, known in zip(texts, found, strict=True)])


def usage(call: Call) -> dict[str, Any]:
    """`licenses`: purchased, in use and free, one entry for each virtual account and licence."""
    names = call.wanted_names()
    rows = licences.list_licences_of(call.unit, names)
    lines: dict[tuple[str, str, str], list[AllotmentView]] = {}
    for line in licences.list_allotments(call.unit):
        lines.setdefault((names.get(line.virtual_account_id, ""), line.tag, line.billing), []).append(line)
    shown = [
        _licence(row, lines.get((row["virtual_account"], row["tag"], row["billing"]), []))
        for row in page(rows, call.body)
    ]
    return success("The license usage was retrieved.", totalRecords=len(rows), licenses=shown)


def _licence(row: Mapping[str, Any], lines: list[AllotmentView]) -> dict[str, Any]:
    details = [
        {
            "licenseType": KINDS.get(line.licence_type, "PERPETUAL"),
            "quantity": line.quantity,
            "startDate": seconds(line.start),
            "endDate": last_second(line.end),
            "subscriptionId": "",
            "status": PHASES[line.phase],
        }
        for line in lines
    ]
    return licence_form(row, STATUS[row["status"]], details)


def subscriptions(call: Call) -> dict[str, Any]:
    """`license-subscriptions`: the terms that central allotted to this site."""
    names = call.wanted_names()
    wanted = {word.lower() for word in words_of(call.body, "status")}
    titles = {row["tag"]: row["name"] for row in licences.list_licences_of(call.unit, names)}
    rows = []
    for line in licences.list_allotments(call.unit):
        if line.start is None or line.end is None or line.virtual_account_id not in names:
            continue
        status = PHASES[line.phase]
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
