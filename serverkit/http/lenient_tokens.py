"""Registration tokens as existing clients ask for them at both servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serverkit.http.lenient import BodyError, is_blank, list_of, millis, number_of, overall, success, text_of

DEFAULT_DAYS = 30
ALLOWED, NOT_ALLOWED = "Allowed", "Not Allowed"


@dataclass(frozen=True, slots=True)
class AskedToken:
    """The token that a client asks for; `uses` is None where they are not limited."""

    days: int
    uses: int | None
    export_controlled: bool
    description: str


def asked_token(body: Mapping[str, Any]) -> AskedToken:
    """Read the token that a body asks for."""
    days = body.get("expiresAfterDays")
    uses = body.get("numberOfUses", body.get("numberofUses"))
    return AskedToken(
        days=DEFAULT_DAYS if is_blank(days) else number_of(days, "expiresAfterDays"),
        uses=None if is_blank(uses) else number_of(uses, "numberOfUses"),
        export_controlled=_export_choice(body),
        description=text_of(body, "description", needed=False),
    )


def _export_choice(body: Mapping[str, Any]) -> bool:
    """Whether the token is to allow export-controlled functions, in any of the words that clients use."""
    value = body.get("exportControlled", body.get("exportControl"))
    if isinstance(value, bool):
        return value
    word = text_of({"exportControlled": value}, "exportControlled", needed=False).lower().replace("_", " ")
    if word not in {"", "allowed", "not allowed", "notallowed", "true", "false", "yes", "no"}:
        raise BodyError("exportControlled is Allowed or Not Allowed")
    return word in {"allowed", "true", "yes"}


def asked_texts(body: Mapping[str, Any]) -> list[str]:
    """The texts of the tokens that are to be revoked."""
    texts = list_of(body, "tokens")
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise BodyError("Missing required input parameters: tokens")
    return texts


def token_form(
    text: str, expires_at: datetime, description: str | None, created_by: str, *, export_controlled: bool
) -> dict[str, Any]:
    """A token as these clients read it."""
    return {
        "token": text,
        "expirationDate": millis(expires_at),
        "description": description,
        "exportControl": ALLOWED if export_controlled else NOT_ALLOWED,
        "createdBy": created_by,
    }


def revoked_form(outcomes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The answer to a revocation: each text with the reason why it was not revoked, empty where it was."""
    shown = [
        {"status": "ERROR", "statusMessage": f"Token- '{text}' {reason}"}
        if reason
        else {"status": "SUCCESS", "statusMessage": f"Token- '{text}' revoked successfully"}
        for text, reason in outcomes
    ]
    done = sum(not reason for _, reason in outcomes)
    answer = success(f"{done} tokens successfully revoked.", tokensRevokeStatus=shown)
    return {**answer, "status": overall(shown)}
