"""Registration tokens: list, create, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import tokens
from central.actions.tokens import TokenWithText
from central.api.compat.wire import Call
from serverkit.http.lenient import BodyError, is_blank, list_of, millis, number_of, overall, said, success, text_of

ALLOWED, NOT_ALLOWED = "Allowed", "Not Allowed"
DEFAULT_DAYS = 30


def _shown(token: TokenWithText) -> dict[str, Any]:
    row = token.row
    return {
        "token": token.text,
        "expirationDate": millis(row.expires_at),
        "description": row.description,
        "exportControl": ALLOWED if row.export_controlled else NOT_ALLOWED,
        "createdBy": row.created_by,
    }


def list_tokens(call: Call) -> dict[str, Any]:
    """List the usable tokens of a virtual account, with their texts."""
    found = tokens.list_usable_tokens(call.unit, call.server.keyring.box, call.domain, call.path["va"])
    return success("Successfully read active tokens.", tokens=[_shown(one) for one in found])


def create_token(call: Call) -> dict[str, Any]:
    """Create a token."""
    days = call.body.get("expiresAfterDays")
    uses = call.body.get("numberOfUses", call.body.get("numberofUses"))
    wanted = export_wish(call.body)
    token, _ = tokens.create_token(
        call.unit,
        call.server.keyring.box,
        call.domain,
        call.path["va"],
        days=DEFAULT_DAYS if is_blank(days) else number_of(days, "expiresAfterDays"),
        uses=None if is_blank(uses) else number_of(uses, "numberOfUses"),
        export_controlled=wanted,
        description=text_of(call.body, "description", needed=False),
    )
    return success("A valid, active token was generated.", tokenInfo=_shown(token))


def export_wish(body: Mapping[str, Any]) -> bool:
    """Whether the token is to allow export-controlled functions, in any of the words that clients use."""
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
    outcomes = []
    for one in tokens.revoke_by_text(call.unit, call.domain, call.path["va"], texts):
        if one.revoked:
            outcomes.append({"status": "SUCCESS", "statusMessage": f"Token- '{one.text}' revoked successfully"})
            continue
        reason = "was not found" if one.refusal is None else f"was not revoked: {said(one.refusal)}"
        outcomes.append({"status": "ERROR", "statusMessage": f"Token- '{one.text}' {reason}"})
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(f"{done} tokens successfully revoked.", tokensRevokeStatus=outcomes)
    return {**answer, "status": overall(outcomes)}
