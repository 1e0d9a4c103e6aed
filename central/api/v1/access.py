"""Who may do what: users, roles, passwords, access tokens and API clients."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from central.api.v1.context import API_CLIENT, API_TOKEN, GIVEN, USER, Call
from central.domain.access.rules import Permission, Role
from central.domain.access.services import add_user, held_roles, remove_role, require, user_of
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.credentials import queries, services
from central.domain.credentials.rules import MOST_DAYS
from central.runtime import Central
from serverkit.http.operations import (
    FLAG,
    PLAIN,
    TEXT,
    TEXTS,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import BASE, Nothing

ROLES = Literal[
    "vendor_administrator",
    "vendor_support",
    "account_administrator",
    "account_user",
    "virtual_account_administrator",
    "virtual_account_user",
]


class NewUser(Strict):
    """A role for a user, who is made when new."""

    model_config = example({"name": "ann", "role": "account_administrator", "account": "example.com"})

    name: str
    role: ROLES
    account: str | None = None
    virtual_account: str | None = None


class HeldRole(Strict):
    """A role that a user holds."""

    model_config = example({"role": "account_administrator", "account": "example.com"})

    role: ROLES
    account: str | None = None
    virtual_account: str | None = None


class NewPassword(Strict):
    """The password of a user."""

    password: str = Field(max_length=1024)


class NewApiToken(Strict):
    """An access token that acts as a user, within its scopes and from its addresses."""

    model_config = example(
        {"user": "robot", "days": 90, "scopes": ["virtual_account:token:manage"], "addresses": ["192.0.2.0/24"]}
    )

    user: str
    days: int = Field(ge=1, le=MOST_DAYS)
    scopes: list[str] = Field(default_factory=list, max_length=50)
    addresses: list[str] = Field(default_factory=list, max_length=32)
    description: str = ""


class NewApiClient(Strict):
    """An API client that acts as a user."""

    model_config = example({"user": "robot"})

    user: str


class UserPage(Page):
    """A page of users, of one account where it is named."""

    account: str | None = Field(default=None, max_length=255, pattern=PLAIN)


def who_am_i(call: Call) -> dict[str, Any]:
    """Who the token acts as, with which roles and scopes."""
    scopes = call.actor.scopes
    roles = sorted({held.role.value for held in held_roles(call.unit, call.actor.id)})
    return {"id": call.actor.id, "name": call.actor.name, "roles": roles, "scopes": sorted(scopes or []), "limited": scopes is not None}  # fmt: skip


def list_users(call: Call) -> dict[str, Any]:
    """Users with their roles."""
    account = by_domain(call.unit, call.query.account).id if call.query.account else None
    keyed = [
        {**row, "id": f"{row['id']}:{row['role']}:{row['account'] or ''}:{row['virtual_account'] or ''}"}
        for row in queries.users(call.unit, account)
    ]
    return paged(keyed, call.query)


def give_role(call: Call) -> dict[str, Any]:
    """Give a role."""
    body: NewUser = call.body
    account = by_domain(call.unit, body.account) if body.account else None
    pool = virtual_account(call.unit, account.id, body.virtual_account) if account and body.virtual_account else None
    row, given = add_user(call.unit, body.name, Role(body.role), account.id if account else "", pool.id if pool else "")
    return {"id": row.id, "name": row.name, "role": given.role, "account": body.account}


def take_role(call: Call) -> dict[str, Any]:
    """Take a role away."""
    body: HeldRole = call.body
    account = by_domain(call.unit, body.account) if body.account else None
    pool = virtual_account(call.unit, account.id, body.virtual_account) if account and body.virtual_account else None
    wanted = (account.id if account else "", pool.id if pool else "")
    row = remove_role(call.unit, call.path["user"], Role(body.role), *wanted)
    return {"id": row.id, "name": row.name, "role": body.role, "account": body.account}


def set_password(call: Call) -> dict[str, Any]:
    """Give a user a password."""
    require(call.unit, Permission.USER_MANAGE)
    services.set_password(call.unit, user_of(call.unit, call.path["user"]), call.body.password)
    return {"name": call.path["user"], "set": True}


def list_tokens(call: Call) -> dict[str, Any]:
    """The access tokens that people made."""
    return paged(queries.access_tokens(call.unit), call.query)


def create_token(call: Call) -> dict[str, Any]:
    """Make an access token."""
    require(call.unit, Permission.USER_MANAGE)  # before anything is said of a user
    body: NewApiToken = call.body
    row, text = services.create_token(
        call.unit,
        user_of(call.unit, body.user),
        days=body.days,
        scopes=body.scopes,
        description=body.description,
        addresses=body.addresses,
    )
    return {**queries.token_dict(row, body.user, call.unit), "token": text}


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke an access token."""
    row = services.revoke_token(call.unit, call.path["token"])
    return {"id": row.id, "state": "revoked"}


def list_clients(call: Call) -> dict[str, Any]:
    """The API clients."""
    return paged(queries.clients(call.unit), call.query)


def create_client(call: Call) -> dict[str, Any]:
    """Make an API client."""
    require(call.unit, Permission.USER_MANAGE)
    row, secret = services.create_client(call.unit, user_of(call.unit, call.body.user))
    return {**queries.client_dict(row, call.body.user), "client_id": row.id, "client_secret": secret}


def revoke_client(call: Call) -> dict[str, Any]:
    """Revoke an API client with its tokens."""
    return {"id": services.revoke_client(call.unit, call.path["client"]).id, "revoked": True}


Op = Operation[Central]
OPERATIONS = (
    Op(
        "who_am_i", "GET", f"{BASE}me", "Show who the token acts as.", who_am_i,
        object_of(id=TEXT, name=TEXT, roles=TEXTS, scopes=TEXTS, limited=FLAG),
    ),
    Op("list_users", "GET", f"{BASE}users", "List users with their roles.", list_users, list_of(USER), UserPage),
    Op("give_role", "POST", f"{BASE}users", "Give a role to a user.", give_role, GIVEN, body=NewUser, changes=True),
    Op(
        "remove_role", "POST", f"{BASE}users/{{user}}/remove-role", "Take a role away from a user.", take_role, GIVEN,
        body=HeldRole, changes=True,
    ),
    Op(
        "set_password", "PUT", f"{BASE}users/{{user}}/password", "Give a user a password.", set_password,
        object_of(name=TEXT, set=FLAG), body=NewPassword, changes=True,
    ),
    Op("list_api_tokens", "GET", f"{BASE}api-tokens", "List access tokens.", list_tokens, list_of(API_TOKEN), Page),
    Op(
        "create_api_token", "POST", f"{BASE}api-tokens", "Make an access token; its text is shown once.", create_token,
        {**API_TOKEN, "properties": {**API_TOKEN["properties"], "token": TEXT}}, body=NewApiToken, changes=True,
    ),
    Op(
        "revoke_api_token", "POST", f"{BASE}api-tokens/{{token}}/revoke", "Revoke an access token.", revoke_token,
        object_of(id=TEXT, state=TEXT), body=Nothing, changes=True,
    ),
    Op("list_api_clients", "GET", f"{BASE}api-clients", "List API clients.", list_clients, list_of(API_CLIENT), Page),
    Op(
        "create_api_client", "POST", f"{BASE}api-clients", "Make an API client; its secret is shown once.",
        create_client, {**API_CLIENT, "properties": {**API_CLIENT["properties"], "client_secret": TEXT}},
        body=NewApiClient, changes=True,
    ),
    Op(
        "revoke_api_client", "POST", f"{BASE}api-clients/{{client}}/revoke", "Revoke an API client and its tokens.",
        revoke_client, object_of(id=TEXT, revoked=FLAG), body=Nothing, changes=True,
    ),
)  # fmt: skip
