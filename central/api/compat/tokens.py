"""Registration tokens: list, create, revoke."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from central.actions import tokens
from central.actions.tokens import TokenWithText
from central.api.compat.wire import Call
from serverkit.http.lenient import said, success
from serverkit.http.lenient_tokens import asked_texts, asked_token, revoked_form, token_form


def _shown(token: TokenWithText) -> dict[str, Any]:
    row = token.row
    return token_form(
        token.text, row.expires_at, row.description, row.created_by, export_controlled=row.export_controlled
    )


def list_tokens(call: Call) -> dict[str, Any]:
    """List the usable tokens of a virtual account, with their texts."""
    found = tokens.list_usable_tokens(call.unit, call.server.keyring.box, call.domain, call.path["va"])
    return success("Successfully read active tokens.", tokens=[_shown(one) for one in found])


def create_token(call: Call) -> dict[str, Any]:
    """Create a token."""
    asked = asdict(asked_token(call.body))
    token, _ = tokens.create_token(call.unit, call.server.keyring.box, call.domain, call.path["va"], **asked)
    return success("A valid, active token was generated.", tokenInfo=_shown(token))


def revoke_tokens(call: Call) -> dict[str, Any]:
    """Revoke tokens by their texts, encoded or not; each has its own outcome."""
    outcomes = []
    for one in tokens.revoke_by_text(call.unit, call.domain, call.path["va"], asked_texts(call.body)):
        reason = "was not found" if one.refusal is None else f"was not revoked: {said(one.refusal)}"
        outcomes.append((one.text, "" if one.revoked else reason))
    return revoked_form(outcomes)
