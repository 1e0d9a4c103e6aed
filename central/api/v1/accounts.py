"""Accounts, virtual accounts, agreement, registration tokens."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions.virtual_accounts import delete_empty
from central.api.v1.context import ACCOUNT, ACCOUNT_PATH, VIRTUAL_ACCOUNT, Call, account_of, chosen_pool, names, pool_of
from central.domain.accounts import services
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import account_dict, virtual_account_dict, virtual_accounts, visible_accounts
from central.domain.accounts.tags import begins, change_tags, tags_of
from central.domain.agreements.services import accept_agreement
from central.domain.tokens import services as token_services
from central.domain.tokens.errors import UnknownTokenError
from central.domain.tokens.models import Token
from central.domain.tokens.queries import token_dict, tokens
from central.runtime import Central
from serverkit.http.operations import PLAIN, TEXT, Operation, Page, Strict, example, list_of, paged
from serverkit.http.schemas import BASE, DONE, TOKEN, Nothing, PoolPage

POOL = f"{ACCOUNT_PATH}/virtual-accounts/{{name}}"
TOKENS = f"{ACCOUNT_PATH}/tokens"


class NewAccount(Strict):
    """A new smart account."""

    model_config = example({"domain": "example.com", "name": "Example", "export_allowed": False})

    domain: str
    name: str
    export_allowed: bool = False


class NewVirtualAccount(Strict):
    """A new virtual account."""

    model_config = example({"name": "Lab", "description": "devices under test"})

    name: str
    description: str = ""


class AccountChange(Strict):
    """What the vendor sets of an account; what is left out stays."""

    model_config = example({"name": "Example Limited", "export_allowed": True})

    name: str | None = None
    export_allowed: bool | None = None
    reservation_allowed: bool | None = None


class VirtualAccountChange(Strict):
    """Another name, another description; what is left out stays."""

    model_config = example({"name": "Laboratory", "description": "devices under test"})

    name: str | None = None
    description: str | None = None


class TagChange(Strict):
    """Tags to set and to take off."""

    model_config = example({"add": ["north"], "remove": ["old"]})

    add: list[str] = Field(default_factory=list, max_length=100)
    remove: list[str] = Field(default_factory=list, max_length=100)


class PoolSearch(Page):
    """A page of virtual accounts, of those alone whose name or a tag begins with a text."""

    search: str = Field(default="", max_length=255, pattern=PLAIN)


class NewToken(Strict):
    """A new registration token."""

    model_config = example({"virtual_account": "Lab", "days": 30, "uses": 10, "description": "rack 4"})

    virtual_account: str
    days: int = Field(ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    export_controlled: bool = False
    description: str = ""


def list_accounts(call: Call) -> dict[str, Any]:
    """The accounts that the caller has a role in."""
    return paged([account_dict(row) for row in visible_accounts(call.unit)], call.query)


def show_account(call: Call) -> dict[str, Any]:
    """One account."""
    return account_dict(account_of(call))


def create_account(call: Call) -> dict[str, Any]:
    """Make an account."""
    body: NewAccount = call.body
    row = services.create_account(call.unit, body.domain, body.name, export_allowed=body.export_allowed)
    return account_dict(row)


def change_account(call: Call) -> dict[str, Any]:
    """Change what the vendor sets of an account."""
    body: AccountChange = call.body
    account, flags = account_of(call), (body.export_allowed, body.reservation_allowed)
    return account_dict(services.change_account(call.unit, account, body.name, *flags))


def accept(call: Call) -> dict[str, Any]:
    """Accept the agreement in force."""
    account = accept_agreement(call.unit, account_of(call))
    return account_dict(account)


def list_pools(call: Call) -> dict[str, Any]:
    """The virtual accounts that the caller may see."""
    account, text = account_of(call), call.query.search
    tags = tags_of(call.unit, account.id)
    rows = virtual_accounts(call.unit, account.id)
    items = [{**virtual_account_dict(row), "tags": tags.get(row.id, [])} for row in rows]
    return paged([item for item in items if begins(item["name"], item["tags"], text)], call.query)


def _shown(call: Call, row: VirtualAccount) -> dict[str, Any]:
    return {**virtual_account_dict(row), "tags": tags_of(call.unit, row.account_id).get(row.id, [])}


def create_pool(call: Call) -> dict[str, Any]:
    """Make a virtual account."""
    row = services.create_virtual_account(call.unit, account_of(call).id, call.body.name, call.body.description)
    return _shown(call, row)


def show_pool(call: Call) -> dict[str, Any]:
    """One virtual account."""
    return _shown(call, pool_of(call, call.path["name"]))


def change_pool(call: Call) -> dict[str, Any]:
    """Give a virtual account another name or description."""
    row, body = pool_of(call, call.path["name"]), call.body
    if body.description is not None:
        services.describe_virtual_account(call.unit, row, body.description)
    if body.name is not None:
        services.rename_virtual_account(call.unit, row, body.name)
    return _shown(call, row)


def tag_pool(call: Call) -> dict[str, Any]:
    """Set tags on a virtual account and take tags off."""
    row = pool_of(call, call.path["name"])
    tags = change_tags(call.unit, row, add=call.body.add, remove=call.body.remove)
    return {**virtual_account_dict(row), "tags": tags}


def default_pool(call: Call) -> dict[str, Any]:
    """Make a virtual account the default."""
    row = pool_of(call, call.path["name"])
    services.make_default(call.unit, row)
    return _shown(call, row)


def delete_pool(call: Call) -> dict[str, Any]:
    """Delete an empty virtual account."""
    delete_empty(call.unit, pool_of(call, call.path["name"]))
    return {"done": True}


def list_tokens(call: Call) -> dict[str, Any]:
    """Registration tokens, newest first."""
    return paged(tokens(call.unit, account_of(call).id, names(call), chosen_pool(call)), call.query)


def create_token(call: Call) -> dict[str, Any]:
    """Make a registration token."""
    body: NewToken = call.body
    row, text = token_services.create_token(
        call.unit,
        call.server.keyring.box,
        account_of(call),
        pool_of(call, body.virtual_account),
        days=body.days,
        uses=body.uses,
        export_controlled=body.export_controlled,
        description=body.description,
    )
    return {**token_dict(row, body.virtual_account, call.unit), "token": text}


def _token(call: Call) -> Token:
    found = token_services.find_token(call.unit, account_of(call).id, call.path["token"])
    if found.virtual_account_id not in names(call):
        raise UnknownTokenError(f"there is no token {call.path['token'][:64]!r}")
    return found


def revoke_token(call: Call) -> dict[str, Any]:
    """Revoke a registration token."""
    row = token_services.revoke_token(call.unit, _token(call))
    return token_dict(row, names(call).get(row.virtual_account_id, ""), call.unit)


def remove_token(call: Call) -> dict[str, Any]:
    """Remove a revoked or expired registration token."""
    token_services.remove_token(call.unit, _token(call))
    return {"done": True}


Op = Operation[Central]
OPERATIONS = (
    Op("list_accounts", "GET", f"{BASE}smart-accounts", "List accounts.", list_accounts, list_of(ACCOUNT), Page),
    Op(
        "create_account", "POST", f"{BASE}smart-accounts", "Make an account.", create_account, ACCOUNT,
        body=NewAccount, changes=True,
    ),
    Op("show_account", "GET", ACCOUNT_PATH, "Show an account.", show_account, ACCOUNT),
    Op(
        "change_account", "PATCH", ACCOUNT_PATH, "Change what the vendor sets of an account.", change_account, ACCOUNT,
        body=AccountChange, changes=True, current=show_account,
    ),
    Op(
        "accept_agreement", "POST", f"{ACCOUNT_PATH}/agreement", "Accept the agreement in force.", accept, ACCOUNT,
        body=Nothing, changes=True,
    ),
    Op(
        "list_virtual_accounts", "GET", f"{ACCOUNT_PATH}/virtual-accounts", "List virtual accounts.", list_pools,
        list_of(VIRTUAL_ACCOUNT), PoolSearch,
    ),
    Op(
        "create_virtual_account", "POST", f"{ACCOUNT_PATH}/virtual-accounts", "Make a virtual account.", create_pool,
        VIRTUAL_ACCOUNT, body=NewVirtualAccount, changes=True,
    ),
    Op("show_virtual_account", "GET", POOL, "Show a virtual account.", show_pool, VIRTUAL_ACCOUNT),
    Op(
        "change_virtual_account", "PATCH", POOL, "Rename or describe a virtual account.", change_pool, VIRTUAL_ACCOUNT,
        body=VirtualAccountChange, changes=True, current=show_pool,
    ),
    Op(
        "tag_virtual_account", "POST", f"{POOL}/tags", "Set tags on a virtual account, or take them off.", tag_pool,
        VIRTUAL_ACCOUNT, body=TagChange, changes=True,
    ),
    Op("delete_virtual_account", "DELETE", POOL, "Delete an empty virtual account.", delete_pool, DONE, changes=True),
    Op(
        "make_default", "POST", f"{POOL}/default", "Make a virtual account the default.", default_pool,
        VIRTUAL_ACCOUNT, body=Nothing, changes=True,
    ),
    Op("list_tokens", "GET", TOKENS, "List registration tokens.", list_tokens, list_of(TOKEN), PoolPage),
    Op(
        "create_token", "POST", TOKENS, "Make a registration token; the answer holds its text.", create_token,
        {**TOKEN, "properties": {**TOKEN["properties"], "token": TEXT}}, body=NewToken, changes=True,
    ),
    Op(
        "revoke_token", "POST", f"{TOKENS}/{{token}}/revoke", "Revoke a registration token.", revoke_token, TOKEN,
        body=Nothing, changes=True,
    ),
    Op(
        "remove_token", "DELETE", f"{TOKENS}/{{token}}", "Remove a revoked or expired registration token.",
        remove_token, DONE, changes=True,
    ),
)  # fmt: skip
