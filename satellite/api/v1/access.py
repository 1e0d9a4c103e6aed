"""Access tokens of this interface."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from satellite.actions import access
from satellite.api.v1.context import API_TOKEN, Call
from satellite.core.access.rules import MOST_DAYS, Permission
from satellite.runtime import Satellite
from serverkit.http.operations import TEXT, TEXTS, Access, Operation, Page, Strict, example, list_of, object_of, paged
from serverkit.http.schemas import BASE, Nothing


class NewApiToken(Strict):
    """An access token with a role."""

    model_config = example({"name": "monitoring", "role": "read-only", "days": 90, "addresses": ["192.0.2.0/24"]})

    name: str
    role: Literal["administrator", "operator", "read-only"]
    days: int = Field(ge=1, le=MOST_DAYS)
    addresses: list[str] = Field(default_factory=list, max_length=32)


def who_am_i(call: Call) -> dict[str, Any]:
    """Who the token acts as, and what it may do besides looking."""
    return {"id": call.actor.id, "name": call.actor.name, "permissions": sorted(call.actor.scopes or [])}


def list_tokens(call: Call) -> dict[str, Any]:
    """The access tokens."""
    return paged(access.list_api_tokens(call.unit), call.query)


def create_token(call: Call) -> dict[str, Any]:
    """Create an access token."""
    body: NewApiToken = call.body
    return access.create_api_token(call.unit, body.name, body.role, days=body.days, addresses=body.addresses)


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke an access token."""
    return access.revoke_api_token(call.unit, call.path["token"])


Op = Operation[Satellite]
OPERATIONS = (
    Op(
        "who_am_i", "GET", f"{BASE}me", "Show who the token acts as.", who_am_i,
        object_of(id=TEXT, name=TEXT, permissions=TEXTS),
        permission=Access.SIGNED_IN, row="S3.4",
    ),
    Op(
        "list_api_tokens", "GET", f"{BASE}api-tokens", "List access tokens.", list_tokens, list_of(API_TOKEN), Page,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "create_api_token", "POST", f"{BASE}api-tokens", "Create an access token; its text is shown once.", create_token,
        {**API_TOKEN, "properties": {**API_TOKEN["properties"], "token": TEXT}}, body=NewApiToken, changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "revoke_api_token", "POST", f"{BASE}api-tokens/{{token}}/revoke", "Revoke an access token.", revoke_token,
        object_of(id=TEXT, state=TEXT), body=Nothing, changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
)  # fmt: skip
