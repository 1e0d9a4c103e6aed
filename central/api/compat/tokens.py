"""Registration tokens: list, create, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from central.api.compat.accounts import chosen
from central.api.compat.wire import Call
from central.domain.access.rules import Permission
from central.domain.access.services import require_in_scope
from central.domain.tokens import services
from central.domain.tokens.models import Token
from central.domain.tokens.queries import own_tokens, token_of_text
from serverkit.errors import RefusedError
from serverkit.http.lenient import BodyError, is_blank, list_of, millis, number_of, overall, said, success, text_of
from serverkit.names import tidy_token

ALLOWED, NOT_ALLOWED = "Allowed", "Not Allowed"
DEFAULT_DAYS = 30


def _shown(row: Token, text: str) -> dict[str, Any]:
    return {
        "token": text,
        "expirationDate": millis(row.expires_at),
        "description": row.description,
        "exportControl": ALLOWED if row.export_controlled else NOT_ALLOWED,
        "createdBy": row.created_by,
    }


def list_tokens(call: Call) -> dict[str, Any]:
    """The usable tokens of a virtual account, with their texts; those of a satellite are known on the site only."""
    require_in_scope(call.unit, Permission.TOKEN_MANAGE, call.smart_account.id, chosen(call).id)
    rows = own_tokens(call.unit, call.smart_account.id, chosen(call).id)
    box = call.server.keyring.box
    shown = [_shown(row, box.decrypt(row.secret)) for row in rows]
    return success("Successfully read active tokens.", tokens=shown)


def create_token(call: Call) -> dict[str, Any]:
    """Make a token."""
    days = call.body.get("expiresAfterDays")
    uses = call.body.get("numberOfUses", call.body.get("numberofUses"))
    wanted = export_wish(call.body)
    row, text = services.create_token(
        call.unit,
        call.server.keyring.box,
        call.smart_account,
        chosen(call),
        days=DEFAULT_DAYS if is_blank(days) else number_of(days, "expiresAfterDays"),
        uses=None if is_blank(uses) else number_of(uses, "numberOfUses"),
        export_controlled=wanted,
        description=text_of(call.body, "description", needed=False),
    )
    return success("A valid, active token was generated.", tokenInfo=_shown(row, text))


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
    home = chosen(call)
    outcomes = []
    for text in texts:
        row = token_of_text(call.unit, call.smart_account.id, home.id, {tidy_token(text), tidy_token(unquote(text))})
        if row is None:
            outcomes.append({"status": "ERROR", "statusMessage": f"Token- '{text}' was not found"})
            continue
        try:
            services.revoke_token(call.unit, row)
        except RefusedError as error:
            outcomes.append({"status": "ERROR", "statusMessage": f"Token- '{text}' was not revoked: {said(error)}"})
            continue
        outcomes.append({"status": "SUCCESS", "statusMessage": f"Token- '{text}' revoked successfully"})
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(f"{done} tokens successfully revoked.", tokensRevokeStatus=outcomes)
    return {**answer, "status": overall(outcomes)}
