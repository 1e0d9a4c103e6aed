"""Users, roles, passwords, access tokens and API clients."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from central.actions import credentials, users
from central.actions.views import (
    AccessTokenView,
    ApiClientView,
    CreatedAccessTokenView,
    CreatedApiClientView,
    GivenRoleView,
    IdentityView,
    UserRoleView,
)
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.domain.credentials.rules import MOST_DAYS
from central.runtime import Central
from serverkit.http.operations import (
    FLAG,
    PLAIN,
    TEXT,
    Access,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    part_of,
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
    """A role for a user, who is created if necessary."""

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


class FirstPassword(Strict):
    """A user of the account who has no password yet."""

    model_config = example({"name": "ann"})

    name: str = Field(max_length=255)


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
    """A page of users, of one account if it is named; a `-` reverses the order."""

    account: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    sort: users.UserSort = Field(default="id", description="The order of the list.")


class ApiTokenPage(Page):
    """A page of access tokens; a `-` reverses the order."""

    sort: credentials.AccessTokenSort = Field(default="id", description="The order of the list.")


class ApiClientPage(Page):
    """A page of API clients; a `-` reverses the order."""

    sort: credentials.ApiClientSort = Field(default="id", description="The order of the list.")


def who_am_i(call: Call) -> dict[str, Any]:
    """Show who the token acts as, with roles and scopes."""
    return users.who_am_i(call.unit)


def list_users(call: Call) -> dict[str, Any]:
    """List users with their roles; an id names the user and the role."""
    found = users.list_users(call.unit, call.query.account or None, part_of(call.query)).to_dict()
    return {**found, "items": [{**row, "id": _key(row)} for row in found["items"]]}


def _key(row: dict[str, Any]) -> str:
    return ":".join((row["id"], row["role"] or "", row["account"] or "", row["virtual_account"] or ""))


def give_role(call: Call) -> dict[str, Any]:
    """Give a role to a user."""
    body: NewUser = call.body
    return users.give_role(call.unit, body.name, body.role, body.account or None, body.virtual_account or None)


def remove_role(call: Call) -> dict[str, Any]:
    """Remove a role from a user."""
    body: HeldRole = call.body
    scope = (body.account or None, body.virtual_account or None)
    return users.remove_role(call.unit, call.path["user"], body.role, *scope)


def set_password(call: Call) -> dict[str, Any]:
    """Set the password of a user."""
    users.set_password(call.unit, call.path["user"], call.body.password)
    return {"name": call.path["user"], "set": True}


def make_first_password(call: Call) -> dict[str, Any]:
    """Make the first password of a user of the account."""
    return users.make_first_password(call.unit, call.path["account"], call.body.name)


def list_tokens(call: Call) -> dict[str, Any]:
    """List the access tokens that people created."""
    return credentials.list_access_tokens(call.unit, part_of(call.query)).to_dict()


def create_token(call: Call) -> dict[str, Any]:
    """Create an access token."""
    body: NewApiToken = call.body
    return credentials.create_access_token(
        call.unit,
        body.user,
        days=body.days,
        scopes=body.scopes,
        description=body.description,
        addresses=body.addresses,
    )


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke an access token."""
    return credentials.revoke_access_token(call.unit, call.path["token"])


def list_clients(call: Call) -> dict[str, Any]:
    """List the API clients."""
    return credentials.list_api_clients(call.unit, part_of(call.query)).to_dict()


def create_client(call: Call) -> dict[str, Any]:
    """Create an API client."""
    return credentials.create_api_client(call.unit, call.body.user)


def revoke_client(call: Call) -> dict[str, Any]:
    """Revoke an API client and its tokens."""
    return credentials.revoke_api_client(call.unit, call.path["client"])


GIVEN = GivenRoleView.schema_object()
Op = Operation[Central]
OPERATIONS = (
    Op(
        "who_am_i", "GET", f"{BASE}me", "Show who the token acts as.", who_am_i,
        IdentityView.schema_object(),
        permission=Access.SIGNED_IN, row="C1.5",
    ),
    Op(
        "list_users", "GET", f"{BASE}users", "List users with their roles.", list_users, list_of(UserRoleView.schema_object()), UserPage,
        permission=Permission.ACCOUNT_USER_VIEW, row="C1.7",
    ),
    Op(
        "give_role", "POST", f"{BASE}users", "Give a role to a user.", give_role, GIVEN, body=NewUser, changes=True,
        permission=(Permission.USER_MANAGE, Permission.ACCOUNT_USER_MANAGE), row="C1.7",
    ),
    Op(
        "remove_role", "POST", f"{BASE}users/{{user}}/remove-role", "Remove a role from a user.", remove_role, GIVEN,
        body=HeldRole, changes=True,
        permission=(Permission.USER_MANAGE, Permission.ACCOUNT_USER_MANAGE), row="C1.7",
    ),
    Op(
        "set_password", "PUT", f"{BASE}users/{{user}}/password", "Set the password of a user.", set_password,
        object_of(name=TEXT, set=FLAG), body=NewPassword, changes=True,
        permission=Permission.USER_MANAGE, row="C1.7",
    ),
    Op(
        "make_first_password", "POST", f"{ACCOUNT_PATH}/first-passwords",
        "Make the first password of a user of the account; it is shown once.", make_first_password,
        object_of(name=TEXT, password=TEXT), body=FirstPassword, changes=True,
        permission=Permission.ACCOUNT_USER_MANAGE, row="C1.7",
    ),
    Op("list_api_tokens", "GET", f"{BASE}api-tokens", "List access tokens.", list_tokens, list_of(AccessTokenView.schema_object()),
        ApiTokenPage,
        permission=Permission.USER_MANAGE, row="B13",
    ),
    Op(
        "create_api_token", "POST", f"{BASE}api-tokens", "Create an access token; its text is shown once.", create_token,
        CreatedAccessTokenView.schema_object(), body=NewApiToken, changes=True,
        permission=Permission.USER_MANAGE, row="B13",
    ),
    Op(
        "revoke_api_token", "POST", f"{BASE}api-tokens/{{token}}/revoke", "Revoke an access token.", revoke_token,
        object_of(id=TEXT, state=TEXT), body=Nothing, changes=True,
        permission=Permission.USER_MANAGE, row="B13",
    ),
    Op(
        "list_api_clients", "GET", f"{BASE}api-clients", "List API clients.", list_clients, list_of(ApiClientView.schema_object()), ApiClientPage,
        permission=Permission.USER_MANAGE, row="B13",
    ),
    Op(
        "create_api_client", "POST", f"{BASE}api-clients", "Create an API client; its secret is shown once.",
        create_client, CreatedApiClientView.schema_object(),
        body=NewApiClient, changes=True,
        permission=Permission.USER_MANAGE, row="B13",
    ),
    Op(
        "revoke_api_client", "POST", f"{BASE}api-clients/{{client}}/revoke", "Revoke an API client and its tokens.",
        revoke_client, object_of(id=TEXT, revoked=FLAG), body=Nothing, changes=True,
        permission=Permission.USER_MANAGE, row="B13",
    ),
)  # fmt: skip
